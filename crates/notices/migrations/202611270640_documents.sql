-- Whose a document is, asked when what is over is deleted.
create index notices_delivery_document on notices_delivery (document) where document is not null;
