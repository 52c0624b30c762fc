-- Who is entitled to what, from which day, until when: kept as the rules found it, day by day.
create table cards_entitlement (
  id text primary key,
  programme text not null,
  resident text not null,
  open_key text unique,
  from_day text not null,
  until_day text,
  ended_why text
);
create index cards_entitlement_resident on cards_entitlement (resident, programme);
create index cards_entitlement_programme on cards_entitlement (programme, from_day);

-- An application for a programme that is given on request.
create table cards_application (
  id text primary key,
  open_key text unique,
  programme text not null,
  resident text not null,
  account text not null,
  name text,
  at bigint not null
);

-- That an account may show a resident's card: its own, a child's, or one shared with it.
create table cards_holding (
  id text primary key,
  live_key text unique,
  programme text not null,
  resident text not null,
  account text not null,
  how text not null,
  label text not null,
  shared_by text,
  created_at bigint not null,
  ended_at bigint,
  ended_why text
);
create index cards_holding_account on cards_holding (account);
create index cards_holding_resident on cards_holding (resident, programme);

-- The signed card in one phone.
create table cards_card (
  id text primary key,
  holding text not null,
  phone text not null,
  programme text not null,
  resident text not null,
  live_key text unique,
  status_idx bigint not null unique,
  status integer not null,
  credential bytea not null,
  disclosures text not null,
  issued_at bigint not null,
  expires_at bigint not null,
  ended_at bigint
);
create index cards_card_holding on cards_card (holding);
create index cards_card_phone on cards_card (phone);
create index cards_card_status on cards_card (status, expires_at);

-- A code by which a holder lets somebody else's phone hold the card too.
create table cards_share (
  id text primary key,
  code_hash bytea not null unique,
  programme text not null,
  resident text not null,
  account text not null,
  expires_at bigint not null,
  joined_holding text
);

-- Every answer given, once.
create table cards_use (
  id text primary key,
  shown_key text unique,
  at bigint not null,
  day text not null,
  received_at bigint not null,
  place text not null,
  online boolean not null,
  accepted boolean not null,
  refusal text,
  why text,
  card text,
  programme text,
  resident text,
  age integer,
  knowledge_age_s bigint
);
create index cards_use_day on cards_use (day, programme, place);
create index cards_use_resident on cards_use (resident, at);
