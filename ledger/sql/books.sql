-- name: shows
-- What the writer must know about showtimes it has not met yet.
SELECT t.id, t.serial, t.sale, s.id AS sale_id, t.cinema, t.currency
FROM showtimes t JOIN sales s ON s.serial = t.sale WHERE t.id = ANY ($1::text[]);

-- name: open_account
-- Opens an account, unless it is open.
INSERT INTO accounts (kind, owner, currency) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: find_account
-- The account of an owner in a currency.
SELECT id, kind, owner, currency FROM accounts WHERE kind = $1 AND owner = $2 AND currency = $3;
