DROP TABLE suppressions;
DROP TABLE webhook_events;
