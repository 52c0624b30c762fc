-- Notices to begin from, made from a notice at the desk. Those of the pack stand in the pack.
create table notices_template (
  id text primary key,
  name text not null,
  queue text not null,
  topic text not null,
  texts text not null,
  link text not null,
  wants_answer boolean not null,
  remind_days integer,
  print_days integer,
  changed_by text not null,
  changed_at bigint not null
);

-- Accounts of staff's own to which a draft is sent to be looked at, and the codes by which they are joined.
create table notices_tester (
  id text primary key,
  staff text not null,
  account text not null,
  joined_at bigint not null
);
create unique index notices_tester_once on notices_tester (staff, account);
create index notices_tester_account on notices_tester (account);

create table notices_tester_code (
  code_hash bytea primary key,
  staff text not null,
  until bigint not null
);

-- A draft that was sent to be looked at: no notice's delivery, so that no count knows of it.
alter table notices_delivery add column trial_of text;
