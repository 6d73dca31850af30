-- No consumer has given anything up.
-- Only at rest: what a consumer gave up waits for people, and may do so at any time.
SELECT service, consumer, event_type, event_id, reason FROM dead_letters_all WHERE redriven_at IS NULL
