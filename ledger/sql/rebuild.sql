-- name: reclaimed_showtimes
-- The showtimes whose selling has ended, by serial.
SELECT DISTINCT showtime FROM reclaims ORDER BY showtime;

-- name: last_entry
-- The highest entry that bought in a sale; -1 when nobody did.
SELECT coalesce(max(o.entry), -1)::bigint FROM orders o JOIN sales s ON s.serial = o.sale WHERE s.id = $1;
