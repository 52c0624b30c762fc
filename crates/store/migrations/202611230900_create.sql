-- What happened, in the order it became true.
create table store_event (
  seq bigint primary key,
  id text not null unique,
  kind text not null,
  at bigint not null,
  actor text not null,
  payload text not null
);
create index store_event_kind on store_event (kind, seq);

-- Who saw or changed whose data, and why. Each line carries the hash of the one before.
create table store_audit (
  seq bigint primary key,
  at bigint not null,
  actor text not null,
  action text not null,
  subject text,
  detail text not null,
  hash bytea not null
);
create index store_audit_subject on store_audit (subject, seq);
create index store_audit_actor on store_audit (actor, seq);

-- Work that follows a change: enqueued in its transaction, done exactly once in one of its own.
create table store_job (
  id text primary key,
  kind text not null,
  unique_key text unique,
  payload text not null,
  run_at bigint not null,
  attempts integer not null,
  last_error text
);
create index store_job_due on store_job (run_at);
