-- The account whose name a service hears for a person: of two accounts that a clerk made one, the service may know the other.
alter table oidc_consent add column known_as text;
alter table oidc_grant add column known_as text;
