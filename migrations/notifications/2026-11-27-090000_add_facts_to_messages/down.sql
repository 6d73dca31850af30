ALTER TABLE messages DROP COLUMN facts;
