-- What the next bundle says of the residents it changes: written a few at a time beforehand and of no effect until the bundle is applied, when all of it
-- holds at once; then moved a few at a time into registry_resident.
create table registry_staged (
    resident text primary key,
    position bigint not null unique,
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
    bundle bigint not null
);
create index registry_staged_register_id on registry_staged (register_id);
create index registry_staged_household on registry_staged (household);
create index registry_staged_three_items on registry_staged (three_items);

-- Which run writes there, by a random name: one that was overtaken by another knows it by this.
create table registry_staging (
    id integer primary key,
    name text not null
);

-- What bundles changed in registry_known, packed alike; of effect once the bundle is applied, folded into registry_known now and then.
create table registry_known_change (
    bundle bigint not null,
    part integer not null,
    rows bytea not null,
    primary key (bundle, part)
);

-- Who lived where, for a past day.
create index registry_resident_version_household on registry_resident_version (household);

-- What the register says today, wherever it stands.
create view registry_current as
select s.resident, s.register_id, s.household, s.relation, s.date_of_birth, s.sex, s.district, s.status, s.status_on, s.became_resident_on,
    s.protected, s.listed, s.facts, s.bundle, b.decided_at as recorded_at, s.four_items, s.three_items
from registry_staged s join registry_bundle b on b.number = s.bundle
where b.state = 'applied'
union all
select r.resident, r.register_id, r.household, r.relation, r.date_of_birth, r.sex, r.district, r.status, r.status_on, r.became_resident_on,
    r.protected, r.listed, r.facts, r.bundle, r.recorded_at, r.four_items, r.three_items
from registry_resident r
where not exists (
    select 1 from registry_staged s join registry_bundle b on b.number = s.bundle where s.resident = r.resident and b.state = 'applied'
);

-- What the register says and ever said of a resident; the newest of these states is today's.
create view registry_ever as
select s.resident, s.register_id, s.household, s.relation, s.date_of_birth, s.sex, s.district, s.status, s.status_on, s.became_resident_on,
    s.protected, s.listed, s.facts, s.bundle, b.decided_at as recorded_at
from registry_staged s join registry_bundle b on b.number = s.bundle
where b.state = 'applied'
union all
select r.resident, r.register_id, r.household, r.relation, r.date_of_birth, r.sex, r.district, r.status, r.status_on, r.became_resident_on,
    r.protected, r.listed, r.facts, r.bundle, r.recorded_at
from registry_resident r
union all
select v.resident, r.register_id, v.household, v.relation, v.date_of_birth, v.sex, v.district, v.status, v.status_on, v.became_resident_on,
    v.protected, v.listed, v.facts, v.bundle, v.recorded_at
from registry_resident_version v join registry_resident r on r.resident = v.resident;
