-- A question put to an identity app, single use. Nonce and verifier are needed until an answer came, and go with it.
create table identity_app_question (
  id text primary key,
  app text not null,
  state_hash bytea not null unique,
  secret_hash bytea not null,
  nonce text,
  verifier text,
  asker text,
  refused text,
  account text,
  begun_at bigint not null,
  expires_at bigint not null,
  answered_at bigint
);
create index identity_app_question_expires on identity_app_question (expires_at);

-- Whom a provider means by its subjects, as keyed hashes of issuer and subject.
create table identity_app_subject (
  subject_key bytea primary key,
  account text not null references identity_account (id),
  app text not null,
  first_used_at bigint not null,
  last_used_at bigint not null
);
create index identity_app_subject_account on identity_app_subject (account);
