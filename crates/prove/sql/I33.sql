-- Nobody holds a transaction open that does nothing, none is prepared and forgotten, and no lock outlives the work it was for.
SELECT usename || ' ' || pid AS what, state_change::text AS since FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
    AND state_change < clock_timestamp() - current_setting('prove.idle')::interval AND pid <> pg_backend_pid()
UNION ALL
SELECT gid, prepared::text FROM pg_prepared_xacts WHERE database = current_database()
UNION ALL
SELECT usename || ' ' || pid || ' has an advisory lock', state_change::text FROM pg_stat_activity
WHERE datname = current_database() AND state = 'idle'
    AND state_change < clock_timestamp() - current_setting('prove.idle')::interval
    AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND l.locktype = 'advisory')
