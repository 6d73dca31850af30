-- What the event that asked for a mail told and nobody tells again: a refund's amount, a credit note's number. Nothing
-- personal; amounts are decimal text, as a JSON number would be read as a float.
ALTER TABLE messages ADD COLUMN facts jsonb;
