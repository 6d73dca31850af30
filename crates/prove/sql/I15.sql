-- Every event has reached everybody who hears its kind, or lies among their dead letters.
-- Only at rest: a consumer applies an event after it was published.
SELECT e.id, e.event_type, s.consumer FROM outbox_all e JOIN subscriptions s USING (event_type)
LEFT JOIN inbox_all i ON i.event_id = e.id AND i.consumer = s.consumer
LEFT JOIN dead_letters_all d ON d.event_id = e.id AND d.consumer = s.consumer AND d.redriven_at IS NULL
-- The inbox is kept for thirty days.
WHERE i.event_id IS NULL AND d.event_id IS NULL AND e.created_at > now() - interval '29 days'
    AND e.created_at < now() - current_setting('prove.grace')::interval
