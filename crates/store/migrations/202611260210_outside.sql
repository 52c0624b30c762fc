-- Work that waits for the network, and so holds no transaction while it is done.
alter table store_job add column outside boolean not null default false;
