-- name: reclaimed_showtimes
-- The showtimes whose selling has ended, by serial.
SELECT DISTINCT showtime FROM reclaims ORDER BY showtime;

-- name: sold_orders
-- The orders of a showtime that own seats, with the holds they were where these were kept.
SELECT o.token, o.fan, o.entry, o.fees, o.amount, o.currency, o.created_ms, o.version, o.held_ms, o.hold_until_ms,
       o.together, o.pay_by_ms,
       array_agg(k.seat_index ORDER BY k.n) AS indices, array_agg(k.seat ORDER BY k.n) AS seats,
       array_agg(k.category ORDER BY k.n) AS categories, array_agg(k.amount::bigint ORDER BY k.n) AS amounts
FROM orders o JOIN tickets k USING (token)
WHERE o.showtime = $1 AND o.state = 'confirmed'
GROUP BY o.token ORDER BY o.token;

-- name: order_money
-- Every payment for the orders of a showtime, with what became of it, in the order in which they came.
SELECT p.token, p.provider, p.reference, p.version, r.why FROM payments p
JOIN orders o USING (token) LEFT JOIN refunds r USING (provider, reference)
WHERE o.showtime = $1 ORDER BY p.version;

-- name: sale_stand
-- Whether a sale has opened, by this time, by hand or as its orders show, and whether it was closed.
SELECT s.opens_at_ms <= $2
    OR EXISTS (SELECT FROM actions a WHERE a.sale = s.id AND a.verb = 'open')
    OR EXISTS (SELECT FROM orders o WHERE o.sale = s.serial) AS opened,
    EXISTS (SELECT FROM actions a WHERE a.sale = s.id AND a.verb = 'close') AS closed
FROM sales s WHERE s.id = $1;

-- name: last_entry
-- The highest entry that bought in a sale; -1 when nobody did.
SELECT coalesce(max(o.entry), -1)::bigint FROM orders o JOIN sales s ON s.serial = o.sale WHERE s.id = $1;
