-- Things laid on a reader in place of a phone, found by a keyed hash of their number. The live key is empty once the thing no longer counts: a transit
-- card that was given away may be bound by its next owner.
create table identity_medium (
  id text primary key,
  account text not null references identity_account (id),
  kind text not null,
  number_key bytea not null,
  live_key bytea unique,
  label text not null,
  bound_by text not null,
  bound_at bigint not null,
  until_at bigint,
  ended_at bigint,
  ended_why text
);
create index identity_medium_account on identity_medium (account);
create index identity_medium_number on identity_medium (number_key);

-- The holder asked that the card get the town's number while it is read.
alter table identity_proof_session add column region_id boolean not null default false;

-- Somebody who acts for somebody else by declaration (委任), within a scope and for a time.
create table identity_proxy (
  id text primary key,
  principal text not null references identity_account (id),
  agent text references identity_account (id),
  code_hash bytea unique,
  code_until bigint,
  scope text not null,
  label text not null,
  declared_by text not null,
  declared_at bigint not null,
  from_day text not null,
  until_day text not null,
  agreed_at bigint,
  ended_at bigint,
  ended_why text
);
create index identity_proxy_principal on identity_proxy (principal);
create index identity_proxy_agent on identity_proxy (agent);

-- An account its owner closed, or that was merged into another of the same person: nothing leads to it any more.
alter table identity_account add column closed_at bigint;
