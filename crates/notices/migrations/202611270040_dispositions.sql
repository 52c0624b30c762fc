-- What a notice decides about each person of its list (処分通知).
create table notices_disposition (
  notice text primary key references notices_notice (id),
  kind text not null,
  number text not null,
  dated text not null,
  release_at bigint,
  prepared text not null,
  keep_until text
);

-- What people agreed to get electronically, in the words they agreed to. Withdrawn ones stay as long as what was sent under them.
create table notices_consent (
  id text primary key,
  account text not null,
  resident text not null,
  kind text not null,
  words text not null,
  language text not null,
  agreed_at bigint not null,
  ended_at bigint,
  ended_why text
);
create index notices_consent_resident on notices_consent (resident, kind);
create index notices_consent_account on notices_consent (account);

-- Documents the town signed: the hash of the very file a person gets, and what they had agreed to.
create table notices_signed (
  delivery text primary key references notices_delivery (id),
  notice text not null references notices_notice (id),
  sha256 bytea not null,
  signed_at bigint not null,
  consent text not null references notices_consent (id),
  noted_at bigint
);
create index notices_signed_notice on notices_signed (notice);

-- Since when somebody gets it on paper, and why.
alter table notices_delivery add column paper_at bigint;
alter table notices_delivery add column paper_why text;
