-- name: keep_shards
-- Keeps the number of logical shards if none is kept yet, and tells the one that is.
INSERT INTO shards (number) VALUES ($1) ON CONFLICT (one) DO UPDATE SET number = shards.number RETURNING number;

-- name: kept_shards
-- The number of logical shards, no row before the first start.
SELECT number FROM shards;
