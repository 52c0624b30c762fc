-- Codes and access tokens hold what they stand for, sealed (src/sealed.rs), and a pushed request is its own name: what is kept is the sign-in they lead to.
-- Codes and access tokens of before are over; services get new ones by their refresh token, or by asking again.
drop table oidc_code;
delete from oidc_token where kind = 'access';
alter table oidc_token drop column kind;

alter table oidc_grant add column code_used_at bigint;
-- Access tokens issued until then do not count.
alter table oidc_grant add column tokens_ended_at bigint not null default 0;
-- Until when a code or an access token of it may count: before that it is not spent.
alter table oidc_grant add column open_until bigint not null default 0;

-- Requests that wait for their person, under the number their sign-in will have: it is answered once, since a number is given once.
drop table oidc_request;
create table oidc_request (
  id text primary key,
  client text not null references oidc_client (id),
  request text not null,
  expires_at bigint not null
);
