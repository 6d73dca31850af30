-- Undoes up.sql completely. What was booked about disputes stays in the books.

ALTER TABLE webhook_events DROP COLUMN dispute;
DROP TABLE dispute_history;
DROP TABLE disputes;
