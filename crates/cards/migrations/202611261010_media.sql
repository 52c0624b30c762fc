-- What was laid on a reader in place of a phone, as a word of the pack; empty for a card in a phone.
alter table cards_use add column medium text;
