-- name: cinema_showtimes
-- The showtimes of a cinema that start within a span of time.
SELECT serial, film, format, currency, starts_at_ms, time_zone FROM showtimes
WHERE cinema = $1 AND starts_at_ms >= $2 AND starts_at_ms < $3 ORDER BY serial;

-- name: cinema_known
-- Whether a cinema ever had a showtime.
SELECT EXISTS (SELECT FROM showtimes WHERE cinema = $1);

-- name: ticket_sums
-- How many tickets of one price were issued, refunded and used, per showtime.
SELECT showtime, amount, count(*) AS issued, count(*) FILTER (WHERE NOT live) AS refunded,
       count(*) FILTER (WHERE checked_in_ms IS NOT NULL) AS attended
FROM tickets WHERE showtime = ANY ($1::integer[]) GROUP BY showtime, amount ORDER BY showtime, amount;

-- name: fee_sums
-- Service fees kept, per showtime.
SELECT showtime, sum(fees)::bigint AS fees FROM orders
WHERE showtime = ANY ($1::integer[]) AND state <> 'refunded' GROUP BY showtime ORDER BY showtime;
