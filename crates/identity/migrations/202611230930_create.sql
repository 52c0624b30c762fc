-- A person's account. The name is kept as given for the person's own eyes; address and sex only within the keyed hashes.
create table identity_account (
  id text primary key,
  name text not null,
  date_of_birth text,
  assurance text not null,
  four_items bytea,
  three_items bytea,
  substitutes boolean not null,
  opened_at bigint not null
);
create index identity_account_four on identity_account (four_items);

-- Certificates an account has answered with, as keyed hashes of kind and serial.
create table identity_certificate (
  serial_key bytea primary key,
  account text not null references identity_account (id),
  kind text not null,
  first_used_at bigint not null,
  last_used_at bigint not null
);
create index identity_certificate_account on identity_certificate (account);

-- A question put to a card, single use.
create table identity_proof_session (
  id text primary key,
  code_hash bytea not null unique,
  secret_hash bytea not null,
  challenge text not null,
  asker text,
  refused text,
  account text,
  expires_at bigint not null,
  answered_at bigint,
  claimed_at bigint
);
create index identity_proof_session_expires on identity_proof_session (expires_at);

-- Proofs given; the evidence holds what was checked, nothing of the person.
create table identity_proof (
  id text primary key,
  account text not null references identity_account (id),
  kind text not null,
  ial text not null,
  aal text not null,
  at bigint not null,
  until text not null,
  evidence text not null
);
create index identity_proof_account on identity_proof (account, at);

-- Which resident an account is.
create table identity_link (
  account text primary key references identity_account (id),
  resident text not null,
  linked_at bigint not null
);
create index identity_link_resident on identity_link (resident);

-- The clerk's queue. The four items are set to null when the request is answered.
create table identity_match_request (
  id text primary key,
  account text not null references identity_account (id),
  reason text not null,
  name text,
  address text,
  date_of_birth text,
  sex text,
  four_items bytea not null,
  three_items bytea not null,
  asked_at bigint not null,
  answered_at bigint,
  outcome text
);
create unique index identity_match_request_open on identity_match_request (account) where answered_at is null;

-- Phones: public keys only.
create table identity_phone (
  id text primary key,
  account text not null references identity_account (id),
  key text not null,
  thumbprint text not null unique,
  label text not null,
  registered_at bigint not null,
  ended_at bigint,
  ended_why text
);
create index identity_phone_account on identity_phone (account);

create table identity_phone_challenge (
  id text primary key,
  account text not null references identity_account (id),
  nonce bytea not null,
  expires_at bigint not null
);

-- Staff, their invitations and passkeys.
create table identity_staff (
  id text primary key,
  name text not null,
  roles text not null,
  invited_at bigint not null,
  joined_at bigint,
  ended_at bigint
);

create table identity_invitation (
  code_hash bytea primary key,
  staff text not null references identity_staff (id),
  expires_at bigint not null
);

create table identity_passkey (
  credential_id text primary key,
  staff text not null references identity_staff (id),
  passkey text not null,
  added_at bigint not null,
  used_at bigint
);
create index identity_passkey_staff on identity_passkey (staff);

create table identity_ceremony (
  id text primary key,
  kind text not null,
  staff text,
  state text not null,
  expires_at bigint not null
);

-- Verifiers and stations.
create table identity_pairing (
  code_hash bytea primary key,
  kind text not null,
  place text not null,
  expires_at bigint not null
);

create table identity_device (
  id text primary key,
  kind text not null,
  place text not null,
  label text not null,
  paired_at bigint not null,
  ended_at bigint
);
create index identity_device_place on identity_device (place);

-- What tokens stand for; the tokens themselves are kept by browsers and devices alone.
create table identity_session (
  id text primary key,
  token_hash bytea not null unique,
  kind text not null,
  owner text not null,
  label text not null,
  started_at bigint not null,
  expires_at bigint not null,
  ends_at bigint not null
);
create index identity_session_owner on identity_session (kind, owner);
create index identity_session_expires on identity_session (expires_at);
