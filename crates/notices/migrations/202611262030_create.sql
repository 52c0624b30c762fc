-- What the town wrote, to whom, and how far it has come.
create table notices_notice (
  id text primary key,
  state text not null,
  queue text not null,
  topic text not null,
  texts text not null,
  link text not null,
  audience text not null,
  wants_answer boolean not null,
  automatic text,
  corrects text references notices_notice (id),
  written_by text not null,
  written_at bigint not null,
  people integer not null,
  approved_by text,
  approved_at bigint,
  send_at bigint,
  remind_days integer,
  print_days integer,
  reached text not null,
  chosen integer not null,
  begun_at bigint,
  sent_at bigint,
  ended_at bigint
);
create index notices_notice_due on notices_notice (queue, state, send_at);

-- Documents of a list: one file for each person named in it.
create table notices_document (
  id text primary key,
  notice text not null references notices_notice (id),
  name text not null,
  bytes bytea not null
);
create unique index notices_document_name on notices_document (notice, name);

-- One notice for one person. It is theirs once it is put; delivered, opened and answered are three moments.
create table notices_delivery (
  id text primary key,
  notice text references notices_notice (id),
  resident text,
  account text,
  occasion text not null,
  tell text,
  fields text,
  document text references notices_document (id),
  put_at bigint,
  delivered_at bigint,
  opened_at bigint,
  opened_by text,
  answered_at bigint,
  reminded_at bigint,
  printed_at bigint,
  kept boolean not null
);
create unique index notices_delivery_once on notices_delivery (notice, resident, occasion);
create index notices_delivery_occasion on notices_delivery (occasion);
create index notices_delivery_resident on notices_delivery (resident, put_at);
create index notices_delivery_account on notices_delivery (account, put_at);

-- Browsers that asked to be told. The end of one is kept for the day's count and deleted by night.
create table notices_subscription (
  id text primary key,
  account text not null,
  endpoint text not null,
  point bytea not null,
  auth bytea not null,
  language text not null,
  made_at bigint not null
);
create unique index notices_subscription_endpoint on notices_subscription (endpoint);
create index notices_subscription_account on notices_subscription (account);

-- Whose notices a browser is told of: its person's own, and those of the children they act for.
create table notices_reach (
  resident text not null,
  subscription text not null references notices_subscription (id),
  own boolean not null,
  primary key (resident, subscription)
);
create index notices_reach_subscription on notices_reach (subscription);

-- What waits to be handed to a push service, encrypted already.
create table notices_message (
  id text primary key,
  queue text not null,
  delivery text not null,
  subscription text not null,
  body bytea not null,
  due_at bigint not null,
  queued_at bigint not null,
  attempts integer not null
);
create index notices_message_due on notices_message (queue, due_at);
create index notices_message_subscription on notices_message (subscription);

-- How quickly each queue went, by day.
create table notices_pace (
  queue text not null,
  day text not null,
  handed integer not null,
  within_10s integer not null,
  gone integer not null,
  refused integer not null,
  primary key (queue, day)
);

-- Topics a person does not want to be pushed about. They still stand in the inbox.
create table notices_muted (
  account text not null,
  topic text not null,
  primary key (account, topic)
);

-- Deliveries whose browsers are still to be told: what rooms had told, and reminders.
create table notices_fresh (
  delivery text primary key,
  at bigint not null
);
