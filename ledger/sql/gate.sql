-- name: loaded_sales
-- The sales that a shard of the store must have.
SELECT id FROM sales WHERE shard = $1 AND loaded ORDER BY id;

-- name: loaded_showtimes
-- The showtimes whose seats a shard of the store must have.
SELECT t.id FROM showtimes t JOIN sales s ON s.serial = t.sale WHERE s.shard = $1 AND t.loaded ORDER BY t.id;
