-- What was promised to be published is published.
-- Only at rest: the relay publishes after the commit.
SELECT service, id, event_type, created_at FROM outbox_all
WHERE published_at IS NULL AND created_at < now() - current_setting('prove.grace')::interval
