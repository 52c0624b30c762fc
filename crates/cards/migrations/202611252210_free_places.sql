-- A card's place in the status list is free again once the card is long past: the column may be empty. No engine both know can loosen a column in
-- place, so the table is made anew.
create table cards_card_anew (
  id text primary key,
  holding text not null,
  phone text not null,
  programme text not null,
  resident text not null,
  live_key text unique,
  status_idx bigint unique,
  status integer not null,
  credential bytea not null,
  disclosures text not null,
  issued_at bigint not null,
  expires_at bigint not null,
  ended_at bigint
);
insert into cards_card_anew (id, holding, phone, programme, resident, live_key, status_idx, status, credential, disclosures, issued_at, expires_at, ended_at)
  select id, holding, phone, programme, resident, live_key, status_idx, status, credential, disclosures, issued_at, expires_at, ended_at from cards_card;
drop table cards_card;
alter table cards_card_anew rename to cards_card;
create index cards_card_holding on cards_card (holding);
create index cards_card_phone on cards_card (phone);
create index cards_card_status on cards_card (status, expires_at);
create index cards_card_place on cards_card (expires_at) where status_idx is not null;
