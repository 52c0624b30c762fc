-- A holder is asked for a neighbouring town's statement of residence, to be shown by a wallet; what came of it, as a word.
create table cards_residence_request (
  id text primary key,
  account text not null,
  neighbour text not null,
  token text not null unique,
  nonce text not null,
  asked_at bigint not null,
  expires_at bigint not null,
  closed boolean not null,
  outcome text
);
create index cards_residence_request_account on cards_residence_request (account, asked_at);
create index cards_residence_request_expires on cards_residence_request (expires_at);

-- When a neighbour's status lists were last followed, and why not since.
create table cards_neighbour (
  id text primary key,
  followed_at bigint,
  failed_at bigint,
  fault text
);
