-- Services that trust the town's accounts. A secret is kept as its hash; keys are public ones.
create table oidc_client (
  id text primary key,
  name text not null,
  purpose text not null,
  redirect_uris text not null,
  logout_uris text not null,
  backchannel_uri text,
  scopes text not null,
  profile text not null,
  exceptions text not null,
  secret_hash bytea,
  keys text,
  registered_at bigint not null,
  ended_at bigint
);

-- Authorization requests between being asked and being answered: pushed by the service (RFC 9126), or waiting for the person.
create table oidc_request (
  handle_hash bytea primary key,
  client text not null references oidc_client (id),
  request text not null,
  expires_at bigint not null
);
create index oidc_request_expires on oidc_request (expires_at);

-- What a person lets a service know.
create table oidc_consent (
  account text not null,
  client text not null references oidc_client (id),
  scopes text not null,
  given_at bigint not null,
  primary key (account, client)
);

-- One sign-in of a person at a service; its code and its tokens live and end with it.
create table oidc_grant (
  id text primary key,
  client text not null references oidc_client (id),
  account text not null,
  session text not null,
  scopes text not null,
  acr text not null,
  auth_time bigint not null,
  granted_at bigint not null,
  -- The last day the person's trail says that the service was told something.
  told_on text not null,
  -- When the browser's session was found to be over, and the service was to be told.
  signed_out_at bigint,
  ended_at bigint
);
create index oidc_grant_account on oidc_grant (account, granted_at);

create table oidc_code (
  code_hash bytea primary key,
  grant_id text not null references oidc_grant (id),
  redirect_uri text not null,
  challenge text not null,
  nonce text,
  dpop_key text,
  expires_at bigint not null,
  used_at bigint
);
create index oidc_code_expires on oidc_code (expires_at);

-- Access and refresh tokens, as hashes.
create table oidc_token (
  token_hash bytea primary key,
  grant_id text not null references oidc_grant (id),
  kind text not null,
  dpop_key text,
  issued_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create index oidc_token_expires on oidc_token (expires_at);
create index oidc_token_grant on oidc_token (grant_id);

-- Devices without a keyboard that wait for a person to type their code (RFC 8628).
create table oidc_device (
  device_hash bytea primary key,
  user_code_hash bytea not null unique,
  client text not null references oidc_client (id),
  scopes text not null,
  grant_id text references oidc_grant (id),
  denied boolean not null,
  polled_at bigint,
  wait_s integer not null,
  expires_at bigint not null
);
create index oidc_device_expires on oidc_device (expires_at);

-- Signed messages that count once: client assertions and DPoP proofs, by the hash of who made them and their id.
create table oidc_seen (
  message_hash bytea primary key,
  expires_at bigint not null
);
create index oidc_seen_expires on oidc_seen (expires_at);

-- What was refused to a service, counted by day: for its developers and for whoever watches.
create table oidc_refusal (
  client text not null,
  reason text not null,
  day text not null,
  times integer not null,
  last_at bigint not null,
  primary key (client, reason, day)
);
