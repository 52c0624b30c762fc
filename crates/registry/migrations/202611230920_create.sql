-- What the register says today. Days are YYYY-MM-DD with 00 for an unknown month or day, empty when there is none.
create table registry_resident (
    resident text primary key,
    register_id text not null,
    household text not null,
    relation text not null,
    date_of_birth text not null,
    sex text not null,
    district text not null,
    status text not null,
    status_on text not null,
    became_resident_on text not null,
    protected boolean not null,
    listed boolean not null,
    facts text not null,
    four_items bytea not null,
    three_items bytea not null,
    bundle bigint not null,
    recorded_at bigint not null
);
create unique index registry_resident_register_id on registry_resident (register_id);
create index registry_resident_household on registry_resident (household);
create index registry_resident_three_items on registry_resident (three_items);

-- What it said before: a row moves here when a bundle changes it.
create table registry_resident_version (
    resident text not null,
    recorded_at bigint not null,
    recorded_until bigint not null,
    household text not null,
    relation text not null,
    date_of_birth text not null,
    sex text not null,
    district text not null,
    status text not null,
    status_on text not null,
    became_resident_on text not null,
    protected boolean not null,
    listed boolean not null,
    facts text not null,
    bundle bigint not null,
    primary key (resident, bundle)
);

-- The rows of the last applied bundle by id and hash, packed, for tomorrow's comparison.
create table registry_known (
    part integer primary key,
    rows bytea not null
);

-- Which register this is and how it stands (random names, so that what is kept in memory is never another's), and which bundle was applied last.
create table registry_state (
    id integer primary key,
    name text not null,
    stand text not null,
    applied bigint not null
);

create table registry_bundle (
    number bigint primary key,
    state text not null,
    digest text not null,
    created_at bigint not null,
    opened_at bigint not null,
    decided_at bigint,
    decided_by text,
    rows bigint not null,
    left_out bigint not null,
    problems bigint not null,
    counts text not null,
    exceeded text not null,
    sealed bytea
);

create table registry_bundle_problem (
    bundle bigint not null,
    position integer not null,
    line bigint not null,
    column_number integer not null,
    header text not null,
    reason text not null,
    primary key (bundle, position)
);
