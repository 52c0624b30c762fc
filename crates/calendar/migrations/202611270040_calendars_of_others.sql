-- Events of calendars that others keep belong to them: they come, change and go with each reading.
alter table calendar_event add column feed text;
create index calendar_event_feed on calendar_event (feed);

-- Calendars of others: the file that is shown, when it was asked for, and what was said of the last one that was refused.
create table calendar_source (
  feed text primary key,
  checked_at bigint,
  failed_at bigint,
  failure text,
  taken_at bigint,
  file bytea,
  report text,
  refused_at bigint,
  refused text
);
