-- For a desk with hundreds of open reports: who works on one (`assignee`, a member of staff), since when somebody waits for the town's word (none where
-- the town spoke last), whether a word of danger was written, when staff had looked how much it presses, how often it was said not to be done.
alter table reports_report add column assignee text;
alter table reports_report add column waits_since bigint;
alter table reports_report add column danger boolean not null default false;
alter table reports_report add column triaged_at bigint;
alter table reports_report add column reopened bigint not null default 0;
update reports_report set waits_since = sent_at where answered_at is null and status in ('received', 'looking', 'doing');
create index reports_report_of_assignee on reports_report (assignee);
create index reports_report_waits on reports_report (waits_since);
