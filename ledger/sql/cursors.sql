-- name: find_cursor
-- How far a shard's stream stands in Postgres.
SELECT shard, version, sum, at_ms FROM cursors WHERE shard = $1;

-- name: all_cursors
-- How far every shard's stream stands in Postgres.
SELECT shard, version, sum, at_ms FROM cursors ORDER BY shard;

-- name: move_cursor
-- Moves a cursor on from where the caller believes it is ($2); no row when it is elsewhere.
INSERT INTO cursors (shard, version, sum, at_ms)
SELECT $1, $3, $4, $5 WHERE $2::bigint = 0 OR EXISTS (SELECT FROM cursors WHERE shard = $1)
ON CONFLICT (shard) DO UPDATE SET version = excluded.version, sum = excluded.sum, at_ms = excluded.at_ms
WHERE cursors.version = $2::bigint
RETURNING version;

-- name: shards_in_use
-- The home shards of all sales.
SELECT DISTINCT shard FROM sales ORDER BY shard;

-- name: known_sales
-- All sales with their home shards, and whether a showtime of theirs was on sale.
SELECT s.id, s.shard, EXISTS (SELECT FROM showtimes t WHERE t.sale = s.serial AND t.loaded) AS selling
FROM sales s ORDER BY s.id;
