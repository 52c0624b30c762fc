-- A question put to a card in a phone, single use. Nonce and key are needed until an answer came, and go with it; of the asking browser, of what finds
-- the question and of what the phone is given to be typed there are hashes only.
create table identity_phone_card_question (
  id text primary key,
  card text not null,
  token_hash bytea not null unique,
  secret_hash bytea not null unique,
  nonce text,
  response_key bytea,
  asker text,
  refused text,
  account text,
  code_hash bytea,
  begun_at bigint not null,
  expires_at bigint not null,
  answered_at bigint,
  claimed_at bigint
);
create index identity_phone_card_question_expires on identity_phone_card_question (expires_at);
