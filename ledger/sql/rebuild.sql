-- name: reclaimed_showtimes
-- The showtimes whose selling has ended, by serial.
SELECT DISTINCT showtime FROM reclaims ORDER BY showtime;

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
