-- E-mail addresses people asked to be told at. One that is not confirmed yet gets codes and nothing else; the code itself is never stored.
create table notices_address (
  id text primary key,
  account text not null,
  address text not null,
  language text not null,
  made_at bigint not null,
  stop text not null,
  code_hash bytea,
  code_until bigint,
  tries integer not null,
  confirmed_at bigint,
  unreachable_at bigint
);
create unique index notices_address_of_account on notices_address (account, address);
create unique index notices_address_stop on notices_address (stop);

-- Whose notices an address is told of, as notices_reach for browsers.
create table notices_address_reach (
  resident text not null,
  address text not null references notices_address (id),
  own boolean not null,
  primary key (resident, address)
);
create index notices_address_reach_address on notices_address_reach (address);

-- Codes that were asked for in the last day, so that nobody's mailbox is flooded by another. The address as a hash: it outlives the entry.
create table notices_code_asked (
  id text primary key,
  account text not null,
  address_hash bytea not null,
  asked_at bigint not null
);
create index notices_code_asked_account on notices_code_asked (account, asked_at);
create index notices_code_asked_address on notices_code_asked (address_hash, asked_at);

-- Letters that wait to be handed to the mail server: of which delivery, or of none for a code. They are worded when they go.
create table notices_letter (
  id text primary key,
  queue text not null,
  delivery text,
  address text not null,
  due_at bigint not null,
  queued_at bigint not null,
  attempts integer not null
);
create index notices_letter_due on notices_letter (queue, due_at);
create index notices_letter_address on notices_letter (address);

-- How quickly each queue went by a way other than push, by day.
create table notices_way_pace (
  way text not null,
  queue text not null,
  day text not null,
  handed integer not null,
  within_10s integer not null,
  gone integer not null,
  refused integer not null,
  primary key (way, queue, day)
);
