-- Undoes up.sql completely.

DROP TABLE order_disputes;
