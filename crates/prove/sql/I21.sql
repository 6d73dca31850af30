-- Each audit entry is told as it was written, and none is told that was not.
SELECT a.service, a.id, 'not told' AS what FROM audit_all a
LEFT JOIN outbox_all e ON e.id = a.id AND e.event_type = 'audit.recorded'
WHERE e.id IS NULL AND a.recorded_at > now() - interval '6 days'
UNION ALL
SELECT e.service, e.id, 'not written' FROM outbox_all e LEFT JOIN audit_all a ON a.id = e.id
WHERE e.event_type = 'audit.recorded' AND a.id IS NULL
UNION ALL
SELECT a.service, a.id, 'told otherwise' FROM audit_all a JOIN outbox_all e ON e.id = a.id
WHERE e.payload #>> '{data,metadata}' IS DISTINCT FROM a.metadata OR e.payload #>> '{data,action}' IS DISTINCT FROM a.action
