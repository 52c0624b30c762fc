-- When a data set was looked at last, and whether that went well.
create table places_dataset (
  id text primary key,
  checked_at bigint,
  failed_at bigint,
  failure text
);

-- Every file that was given for a data set, with what was said about it. One at most is current.
create table places_version (
  id text primary key,
  dataset text not null,
  state text not null,
  origin text not null,
  taken_at bigint not null,
  decided_at bigint,
  decided_by text,
  digest bytea not null,
  report text not null
);
create index places_version_dataset on places_version (dataset, taken_at);
create unique index places_version_current on places_version (dataset) where state = 'current';
create unique index places_version_held on places_version (dataset) where state = 'held';

-- The places of a version. Positions are millionths of a degree (WGS 84).
create table places_place (
  version text not null references places_version (id),
  key text not null,
  position integer not null,
  name text not null,
  latitude integer not null,
  longitude integer not null,
  hazards integer not null,
  detail text not null,
  primary key (version, key)
);
create index places_place_key on places_place (key);
