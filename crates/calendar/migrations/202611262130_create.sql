-- Events of the town. `taken` counts the places given; the check keeps two who come at the same moment from both getting the last one.
create table calendar_event (
  id text primary key,
  key text unique,
  title text not null,
  title_en text not null,
  about text not null,
  place text not null,
  starts_on text not null,
  ends_on text not null,
  starts_at text not null,
  ends_at text not null,
  url text not null,
  who text not null,
  capacity integer,
  taken integer not null default 0,
  apply_from text,
  apply_until text,
  cancelled_at bigint,
  changed_at bigint not null,
  check (taken >= 0),
  check (capacity is null or taken <= capacity)
);
create index calendar_event_days on calendar_event (starts_on, ends_on);

-- Who has a place, and who waits for one, in the order of `number`.
create table calendar_seat (
  event text not null references calendar_event (id),
  account text not null,
  state text not null,
  number bigint not null,
  at bigint not null,
  primary key (event, account)
);
create index calendar_seat_account on calendar_seat (account);
create index calendar_seat_order on calendar_seat (event, state, number);

-- What a person wants to be reminded of, and at which hour of the evening before.
create table calendar_wish (
  account text primary key,
  garbage boolean not null,
  events boolean not null,
  own boolean not null,
  hour integer not null,
  area text not null
);
create index calendar_wish_hour on calendar_wish (hour);

-- The days somebody was reminded of, so that nobody hears it twice.
create table calendar_reminded (
  account text not null,
  day text not null,
  primary key (account, day)
);

-- The secret address of a person's own feed, as its hash.
create table calendar_feed (
  token_hash bytea primary key,
  account text not null unique,
  made_at bigint not null
);
