-- Nobody has heard of an event that was never committed.
-- The outbox is kept for seven days.
SELECT i.consumer, i.event_id, i.processed_at FROM inbox_all i LEFT JOIN outbox_all e ON e.id = i.event_id
WHERE e.id IS NULL AND i.processed_at > now() - interval '6 days'
