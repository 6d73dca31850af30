-- Nobody holds a transaction open that does nothing, and none is prepared and forgotten.
SELECT usename || ' ' || pid AS what, state_change::text AS since FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
    AND state_change < clock_timestamp() - current_setting('prove.idle')::interval AND pid <> pg_backend_pid()
UNION ALL
SELECT gid, prepared::text FROM pg_prepared_xacts WHERE database = current_database()
