-- What residents told the town. A draft has no `sent_at` and no number. `account` is empty for reports of other programs (`client`) and after an
-- account was closed.
create table reports_report (
  id text primary key,
  number bigint,
  account text,
  client text,
  request_key text not null,
  category text not null,
  section text not null,
  status text not null,
  duplicate_of text,
  urgency text not null,
  latitude bigint,
  longitude bigint,
  placed text not null,
  district text not null,
  landmark text not null,
  words text not null,
  call text,
  public boolean not null,
  public_words text not null,
  coarse boolean not null,
  began_at bigint not null,
  sent_at bigint,
  changed_at bigint not null,
  due_on text not null,
  answered_at bigint,
  done_at bigint,
  confirmed text
);
create unique index reports_report_once on reports_report (account, request_key);
create index reports_report_of_client on reports_report (client);
create index reports_report_queue on reports_report (status, due_on);
create index reports_report_where on reports_report (category, latitude);
create index reports_report_call on reports_report (call);

-- The talk between the reporter and the town, with what became of the report. A line without words is a step alone.
create table reports_message (
  id text primary key,
  report text not null references reports_report (id),
  at bigint not null,
  author text not null,
  staff text,
  status text,
  words text not null
);
create index reports_message_of on reports_message (report, at);

-- What staff write for each other. A table of its own, so that no query of the talk can bring it.
create table reports_note (
  id text primary key,
  report text not null references reports_report (id),
  at bigint not null,
  staff text not null,
  words text not null
);
create index reports_note_of on reports_note (report, at);

-- Pictures as they were drawn anew: without EXIF, faces and plates hidden by the reporter. The file that was sent is not kept.
create table reports_photo (
  id text primary key,
  report text not null references reports_report (id),
  at bigint not null,
  width bigint not null,
  height bigint not null,
  jpeg bytea not null,
  public boolean not null
);
create index reports_photo_of on reports_photo (report, at);

-- Others who mean the same thing and follow what becomes of it.
create table reports_support (
  report text not null references reports_report (id),
  account text not null,
  at bigint not null,
  primary key (report, account)
);
create index reports_support_of on reports_support (account);

-- A call for reports to the residents of an area.
create table reports_call (
  id text primary key,
  category text not null,
  districts text not null,
  words text not null,
  begun_at bigint not null,
  begun_by text not null,
  asked_all_at bigint,
  ended_at bigint
);

-- Whom a call asked, once each, and what they said.
create table reports_asked (
  call text not null references reports_call (id),
  account text not null,
  at bigint not null,
  answer text,
  answered_at bigint,
  primary key (call, account)
);
create index reports_asked_of on reports_asked (account);

-- Programs of others that may send reports by Open311; a key is kept as its hash.
create table reports_client (
  id text primary key,
  name text not null,
  key_hash bytea not null,
  registered_at bigint not null,
  ended_at bigint
);
create unique index reports_client_key on reports_client (key_hash);
