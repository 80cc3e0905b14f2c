-- name: mark_ticket
-- Checks a live ticket in if nobody has, and tells how it then stands. Of two doors that scan copies at once the second
-- waits for the row and reads what the first wrote into it.
WITH found AS (
    SELECT k.token, k.n, t.id AS showtime, k.seat, k.live, k.checked_in_ms, k.check_in, o.confirmed_ms
    FROM tickets k JOIN orders o USING (token) JOIN showtimes t ON t.serial = k.showtime
    WHERE k.token = $1 AND k.n = $2
    FOR NO KEY UPDATE OF k
), marked AS (
    UPDATE tickets k SET checked_in_ms = greatest($3::bigint, found.confirmed_ms), check_in = $5
    FROM found
    WHERE k.token = found.token AND k.n = found.n AND found.live AND found.checked_in_ms IS NULL
        AND $3::bigint >= found.confirmed_ms - $4::bigint
    RETURNING k.checked_in_ms
)
SELECT found.showtime, found.seat, found.live,
       coalesce(marked.checked_in_ms, found.checked_in_ms)::bigint AS checked_in_ms,
       marked.checked_in_ms IS NOT NULL OR coalesce(found.check_in = $5, false) AS ours
FROM found LEFT JOIN marked ON true;
