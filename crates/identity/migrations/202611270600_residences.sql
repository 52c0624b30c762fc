-- Where somebody belongs who is not in the register: on a roll of digital residents, or in a neighbouring town by that town's statement. Of the statement
-- only its place in the neighbour's status list is kept, to see when the neighbour ends it; both go when it is over.
create table identity_residence (
  id text primary key,
  account text not null references identity_account (id),
  kind text not null,
  belongs_to text not null,
  live_key text unique,
  since bigint not null,
  until_day text not null,
  status_uri text,
  status_idx bigint,
  checked_at bigint,
  ended_at bigint,
  ended_why text
);
create index identity_residence_account on identity_residence (account);
create index identity_residence_live on identity_residence (kind, belongs_to) where live_key is not null;
