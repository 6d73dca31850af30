-- No consumer has given anything up.
SELECT service, consumer, event_type, event_id, reason FROM dead_letters_all WHERE redriven_at IS NULL
