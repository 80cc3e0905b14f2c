-- name: show_presence
-- Counts this connection's writer among those alive.
SELECT pg_advisory_lock_shared($1, 0);

-- name: count_writers
-- How many writers are alive on this database.
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1::integer::oid AND objid = 0 AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: try_lock_shard
-- Takes a shard for this connection, if no other has it.
SELECT pg_try_advisory_lock($1, $2);

-- name: unlock_shard
-- Gives a shard up.
SELECT pg_advisory_unlock($1, $2);
