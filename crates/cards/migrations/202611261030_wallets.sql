-- A card offered to a standard wallet, and what the wallet shows while it fetches it. Codes and tokens as hashes only.
create table cards_wallet_offer (
  id text primary key,
  offer_hash bytea not null unique,
  code_hash bytea not null unique,
  tx_hash bytea not null,
  tries integer not null,
  holding text not null,
  account text not null,
  expires_at bigint not null,
  token_hash bytea unique,
  card text
);
create index cards_wallet_offer_expires on cards_wallet_offer (expires_at);

-- Challenges given to wallets that have not been answered yet.
create table cards_wallet_nonce (
  nonce_hash bytea primary key,
  expires_at bigint not null
);
create index cards_wallet_nonce_expires on cards_wallet_nonce (expires_at);

-- Which cards are in a wallet instead of a phone of ours, and whose.
create table cards_wallet_card (
  card text primary key,
  account text not null,
  holding text not null
);
create index cards_wallet_card_account on cards_wallet_card (account);
create index cards_wallet_card_holding on cards_wallet_card (holding);

-- A place asks a wallet; its id is that of the answer.
create table cards_wallet_request (
  id text primary key,
  place text not null,
  token text not null unique,
  nonce text not null,
  expires_at bigint not null,
  closed boolean not null,
  opened text
);
create index cards_wallet_request_expires on cards_wallet_request (expires_at);
