-- A sign-in is written down when its code is redeemed (src/domain/token.rs): that there is one says that the code was. Codes of before are over.
alter table oidc_grant drop column code_used_at;
