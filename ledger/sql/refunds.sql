-- name: list_refunds
-- Money to give back, or given back, longest due first.
SELECT provider, reference, token, amount, currency, why, state, due_ms, sent_ms FROM refunds
WHERE state = $1 AND (due_ms, provider, reference) > ($2::bigint, $3::text, $4::text)
ORDER BY due_ms, provider, reference LIMIT $5;

-- name: refunds_owed
-- How much money nobody has sent back yet, per currency.
SELECT currency::text AS currency, count(*) AS payments, sum(amount)::bigint AS amount, min(due_ms)::bigint AS since_ms
FROM refunds WHERE state = 'due' GROUP BY currency ORDER BY currency;

-- name: mark_sent
-- Marks a refund as sent if nobody has, takes back the movement by which it became due, and tells how it then stands.
-- Of two calls at once the second waits for the row and reads what the first wrote into it.
WITH found AS (
    SELECT * FROM refunds WHERE provider = $1 AND reference = $2 FOR NO KEY UPDATE
), marked AS (
    UPDATE refunds r SET state = 'sent', sent_ms = greatest($3::bigint, found.due_ms)
    FROM found
    WHERE r.provider = found.provider AND r.reference = found.reference AND found.state = 'due'
        AND $3::bigint >= found.due_ms - $4::bigint
    RETURNING r.token, r.state, r.sent_ms, '/' || r.provider || '/' || r.reference AS payment
), moved AS (
    INSERT INTO movements (token, cause, leg, at_ms, debit, credit, amount, currency)
    SELECT m.token, 'sent' || marked.payment, m.leg, marked.sent_ms, m.credit, m.debit, m.amount, m.currency
    FROM movements m JOIN marked ON m.token = marked.token AND m.cause = 'owed' || marked.payment
)
SELECT found.provider, found.reference, found.token, found.amount, found.currency, found.why,
       coalesce(marked.state, found.state) AS state, found.due_ms,
       coalesce(marked.sent_ms, found.sent_ms)::bigint AS sent_ms
FROM found LEFT JOIN marked ON true;
