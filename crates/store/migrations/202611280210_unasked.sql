-- Nobody asks by actor or by kind, and every change had to write both: the one is as scattered over its index as people are.
drop index store_event_kind;
drop index store_audit_actor;
