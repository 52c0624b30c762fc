-- When somebody was told that their last day is near: once for each term.
alter table identity_residence add column reminded_at bigint;
