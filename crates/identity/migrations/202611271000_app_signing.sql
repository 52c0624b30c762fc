-- What the card is to sign by an identity app, and the provider's name of the transaction; both go with the first answer.
alter table identity_app_question add column statement text;
alter table identity_app_question add column sign_transaction text;
