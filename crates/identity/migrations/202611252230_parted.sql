-- What clerks decided about accounts: a link undone, or a request rejected (and why). No bundle ties these by itself. The resident where one was named.
create table identity_parted (
  account text not null references identity_account (id),
  resident text,
  rejected text,
  decided_at bigint not null
);
create index identity_parted_account on identity_parted (account);

-- Rejected before this was remembered, and not linked since.
insert into identity_parted (account, resident, rejected, decided_at)
  select account, null, outcome, answered_at from identity_match_request
  where outcome in ('not_a_resident', 'not_the_same_person', 'withdrawn')
  and not exists (select 1 from identity_link where identity_link.account = identity_match_request.account);
