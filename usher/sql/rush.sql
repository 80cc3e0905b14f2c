-- name: rush_orders
-- Every order of a sale with its tickets that are live, for the proofs of a rush.
SELECT o.token, s.id AS showtime, o.fees, o.amount,
       coalesce(array_agg(t.seat ORDER BY t.n) FILTER (WHERE t.live), '{}') AS seats,
       coalesce(array_agg(t.amount ORDER BY t.n) FILTER (WHERE t.live), '{}') AS prices
FROM orders o
JOIN sales ON sales.serial = o.sale
JOIN showtimes s ON s.serial = o.showtime
LEFT JOIN tickets t ON t.token = o.token
WHERE sales.id = $1 AND o.state = 'confirmed'
GROUP BY o.token, s.id;

-- name: rush_movements
-- Every movement of the sale's orders with the sum of its entries per currency.
SELECT e.token, e.cause, e.currency, sum(e.amount)::bigint AS total
FROM entries e
JOIN orders o ON o.token = e.token
JOIN sales ON sales.serial = o.sale
WHERE sales.id = $1
GROUP BY e.token, e.cause, e.currency;

-- name: rush_cursor
-- How far the stream of a shard has been written down.
SELECT version FROM cursors WHERE shard = $1;

-- name: rush_worries
-- Dead letters and seat conflicts of a shard: both must be empty.
SELECT (SELECT count(*) FROM dead_letters WHERE shard = $1) + (SELECT count(*) FROM conflicts WHERE shard = $1);
