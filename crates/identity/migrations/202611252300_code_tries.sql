-- Codes somebody typed lately that were wrong: what kind, who as a hash, since when, how many. Rows go when their window is over.
create table identity_code_try (
  kind text not null,
  source bytea not null,
  began_at bigint not null,
  tries integer not null,
  primary key (kind, source)
);
create index identity_code_try_began on identity_code_try (began_at);
