-- name: sale_counts
-- What stands in Postgres of a sale.
SELECT count(*) AS orders,
       count(*) FILTER (WHERE o.state = 'confirmed') AS confirmed,
       coalesce(sum(o.seats) FILTER (WHERE o.state = 'confirmed'), 0)::bigint AS tickets,
       coalesce(sum(o.amount) FILTER (WHERE o.state = 'confirmed'), 0)::bigint AS amount
FROM orders o JOIN sales s ON s.serial = o.sale WHERE s.id = $1;
