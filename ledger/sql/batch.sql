-- name: written_orders
-- Which of these orders stand already, and by which record.
SELECT token, shard, version FROM orders WHERE token = ANY ($1::text[]);

-- name: seat_owners
-- Who owns which of these seats of a showtime.
SELECT seat, token FROM tickets WHERE live AND showtime = $1 AND seat = ANY ($2::text[]) ORDER BY seat;

-- name: payment_known
-- Whether a payment stands already.
SELECT EXISTS (SELECT FROM payments WHERE provider = $1 AND reference = $2);

-- name: refund_known
-- Whether a payment is already to be given back.
SELECT EXISTS (SELECT FROM refunds WHERE provider = $1 AND reference = $2);

-- name: record_known
-- Whether a reclaim or a dead letter of this record stands already.
SELECT EXISTS (SELECT FROM reclaims r WHERE r.shard = $1 AND r.version = $2)
    OR EXISTS (SELECT FROM dead_letters d WHERE d.shard = $1 AND d.version = $2);
