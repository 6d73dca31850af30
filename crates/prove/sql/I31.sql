-- What a reconciliation finds is put right or lies before people; each run ends, and is told once.
SELECT 'goes on since ' || started_at AS what, id::text AS id FROM reconciliation_runs
WHERE finished_at IS NULL AND started_at < now() - interval '6 hours'
UNION ALL
SELECT 'neither repaired nor asked about', id::text FROM reconciliation_mismatches
WHERE state = 'found' AND finished_at IS NOT NULL
UNION ALL
SELECT 'asked about by nobody', m.id::text FROM reconciliation_mismatches m
WHERE m.state = 'open' AND NOT EXISTS (
    SELECT FROM attention_items i WHERE i.kind = 'reconciliation' AND i.subject_id = m.id AND i.closed_at IS NULL
)
UNION ALL
SELECT 'asked about though it is settled', i.subject_id::text FROM attention_items i
WHERE i.kind = 'reconciliation' AND i.closed_at IS NULL AND NOT EXISTS (
    SELECT FROM reconciliation_mismatches m WHERE m.id = i.subject_id AND m.state = 'open'
)
UNION ALL
SELECT 'asked about twice: ' || class, subject FROM reconciliation_mismatches
WHERE state = 'open' GROUP BY class, subject HAVING count(*) > 1
UNION ALL
-- The outbox is kept for seven days.
SELECT 'not told once', r.id::text FROM reconciliation_runs r WHERE r.finished_at > now() - interval '6 days' AND (
    SELECT count(*) FROM outbox_all e WHERE e.event_type = 'reconciliation.completed' AND e.payload #>> '{data,runId}' = r.id::text
) <> 1
