-- What an event says in the other languages of the town: JSON by language. Japanese stays in title, place and about, the English name in title_en.
alter table calendar_event add column others text not null default '{}';
