-- What citizens write. A post is a row of its versions; `shown` is the one everybody reads, `waiting` the one staff are to look at.
-- The account is forgotten when its owner closes it; what was published stays under its licence.
create table community_post (
  id text primary key,
  guide text not null,
  account text,
  state text not null,
  shown integer,
  waiting integer,
  -- Whether staff have looked at what is shown: under moderation afterwards it is shown before.
  looked_at bigint,
  reason text,
  opened_at bigint not null,
  published_at bigint,
  changed_at bigint not null,
  -- When its points were earned: once and no more.
  points_at bigint
);
create index community_post_guide on community_post (guide, published_at);
create index community_post_account on community_post (account, opened_at);

create table community_version (
  post text not null references community_post (id),
  number integer not null,
  category text not null,
  title text not null,
  words text not null,
  place text not null,
  district text,
  latitude_microdegrees integer,
  longitude_microdegrees integer,
  -- |code||code|, sorted; facts as |code=yes||code=no|.
  ages text not null,
  facts text not null,
  photo text,
  photo_words text not null,
  pen_name text,
  flags text not null,
  -- Title, words, place, district and pen name, folded, for the search.
  search text not null,
  written_at bigint not null,
  primary key (post, number)
);

-- Photos as they may be shown: written anew, without what the camera noted.
create table community_photo (
  id text primary key,
  post text not null references community_post (id),
  jpeg bytea not null,
  width integer not null,
  height integer not null,
  saved_at bigint not null
);
create index community_photo_post on community_photo (post);

create table community_thanks (
  post text not null references community_post (id),
  account text not null,
  at bigint not null,
  primary key (post, account)
);

-- What readers found wrong, until staff have looked.
create table community_wrong (
  post text not null references community_post (id),
  account text not null,
  why text not null,
  note text not null,
  at bigint not null,
  settled_at bigint,
  primary key (post, account)
);
create index community_wrong_open on community_wrong (settled_at, at);

-- What became of a post, in order; a member of staff by id, the author without one.
create table community_step (
  post text not null references community_post (id),
  number integer not null,
  at bigint not null,
  staff text,
  what text not null,
  version integer not null,
  reason text,
  primary key (post, number)
);
