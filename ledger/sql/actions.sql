-- name: write_action
-- Writes down what an operator did; told again, it changes nothing.
INSERT INTO actions (id, sale, at_ms, verb, who, why, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING;

-- name: actions_of
-- What operators did to a sale, newest first.
SELECT id, sale, at_ms, verb, who, why, detail FROM actions WHERE sale = $1 ORDER BY at_ms DESC, id LIMIT $2;
