//! One handle over SQLite and PostgreSQL: migrations, Ctx, transactions, event log, jobs, audit.
