-- name: sale_counts
-- What stands in Postgres of a sale.
SELECT count(*) AS orders,
       count(*) FILTER (WHERE o.state = 'confirmed') AS confirmed,
       coalesce(sum(o.seats) FILTER (WHERE o.state = 'confirmed'), 0)::bigint AS tickets,
       coalesce(sum(o.amount) FILTER (WHERE o.state = 'confirmed'), 0)::bigint AS amount
FROM orders o JOIN sales s ON s.serial = o.sale WHERE s.id = $1;

-- name: sale_progress
-- What stands of a sale, and how far its shard's stream is written down, seen at one moment.
SELECT (SELECT count(*) FROM orders o WHERE o.sale = s.serial) AS orders,
       coalesce((SELECT c.version FROM cursors c WHERE c.shard = s.shard), 0) AS version
FROM sales s WHERE s.id = $1;
