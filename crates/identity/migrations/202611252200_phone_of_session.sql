-- Which phone a browser's session speaks for: when the phone is ended, the session ends with it.
alter table identity_session add column phone text;
create index identity_session_phone on identity_session (phone);
