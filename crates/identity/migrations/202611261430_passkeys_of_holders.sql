-- Passkeys of residents beside those of staff: whose one is, its kind and owner tell, as with sessions. What its owner calls it.
create table identity_passkey_kept (
  credential_id text primary key,
  kind text not null,
  owner text not null,
  label text not null,
  passkey text not null,
  added_at bigint not null,
  used_at bigint
);
insert into identity_passkey_kept (credential_id, kind, owner, label, passkey, added_at, used_at)
  select credential_id, 'staff', staff, '', passkey, added_at, used_at from identity_passkey;
drop table identity_passkey;
alter table identity_passkey_kept rename to identity_passkey;
create index identity_passkey_owner on identity_passkey (kind, owner);

-- Ceremonies last minutes: those under way while this runs begin anew.
drop table identity_ceremony;
create table identity_ceremony (
  id text primary key,
  kind text not null,
  owner_kind text not null,
  owner text,
  state text not null,
  expires_at bigint not null
);

-- How a resident's session was begun, and by which passkey: when that is ended, the session ends with it. Not known of those begun before.
alter table identity_session add column entry text;
alter table identity_session add column passkey text;
create index identity_session_passkey on identity_session (passkey);
