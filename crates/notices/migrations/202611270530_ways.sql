-- Whose notices an account is told of is the account's, whatever it is told by: a browser, an address of e-mail, LINE.
create table notices_reach_anew (
  resident text not null,
  account text not null,
  own boolean not null,
  primary key (resident, account)
);
insert into notices_reach_anew (resident, account, own)
  select r.resident, s.account, r.own from notices_reach r join notices_subscription s on s.id = r.subscription where true
  on conflict (resident, account) do nothing;
insert into notices_reach_anew (resident, account, own)
  select r.resident, a.account, r.own from notices_address_reach r join notices_address a on a.id = r.address where true
  on conflict (resident, account) do nothing;
drop table notices_reach;
drop table notices_address_reach;
alter table notices_reach_anew rename to notices_reach;
create index notices_reach_account on notices_reach (account);

-- An address is one of e-mail, or what LINE calls a friend of the town's account; one LINE is told of one account.
alter table notices_address add column way text not null default 'mail';
create unique index notices_address_line on notices_address (address) where way = 'line';
create index notices_address_account on notices_address (account);

-- Each way has a line of its own, so that none waits for another.
alter table notices_letter add column way text not null default 'mail';
drop index notices_letter_due;
create index notices_letter_due on notices_letter (way, queue, due_at);

-- One count of how quickly each queue went, for all ways.
insert into notices_way_pace (way, queue, day, handed, within_10s, gone, refused)
  select 'push', queue, day, handed, within_10s, gone, refused from notices_pace;
drop table notices_pace;
alter table notices_way_pace rename to notices_pace;

-- A way that takes nothing from the town for now, why, and until when nothing is handed to it.
create table notices_halt (
  way text primary key,
  reason text not null,
  since bigint not null,
  until bigint not null
);

-- Who agreed to be told by LINE and was sent there to say whose LINE it is. What LINE gives back is stored as a hash.
create table notices_line_link (
  nonce_hash bytea primary key,
  account text not null,
  language text not null,
  until bigint not null
);

-- What LINE has told the town: it tells again what it believes lost.
create table notices_line_event (
  id text primary key,
  at bigint not null
);
