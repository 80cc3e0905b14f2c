-- name: find_order
-- An order by its token.
SELECT o.token, s.id AS sale, t.id AS showtime, o.fan, o.entry, o.gross, o.fees, o.amount, o.currency,
       o.created_ms, o.confirmed_ms, o.state, o.shard, o.version
FROM orders o JOIN showtimes t ON t.serial = o.showtime JOIN sales s ON s.serial = o.sale
WHERE o.token = $1;

-- name: order_tickets
-- The tickets of an order.
SELECT n, seat, seat_index, category, amount, live, checked_in_ms FROM tickets WHERE token = $1 ORDER BY n;

-- name: order_payments
-- The payments that came for an order, first to last.
SELECT provider, reference, method, amount, currency, at_ms FROM payments
WHERE token = $1 ORDER BY at_ms, provider, reference;

-- name: paid_by
-- The order that a payment came for.
SELECT token FROM payments WHERE provider = $1 AND reference = $2;

-- name: sold_seats
-- The seats with an owner in a showtime, for a rebuild of the store.
SELECT k.token, k.seat, k.seat_index, o.fan, o.entry FROM tickets k JOIN orders o USING (token)
WHERE k.showtime = $1 AND k.live ORDER BY k.seat_index;
