-- name: put_contract
-- Stores a contract; one of the same cinema, film, format and day is replaced.
INSERT INTO contracts (cinema, film, format, valid_from, fund_bp, vat_bp, cinema_bp, agreed_price, basis)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (cinema, film, format, valid_from) DO UPDATE SET
    fund_bp = excluded.fund_bp, vat_bp = excluded.vat_bp, cinema_bp = excluded.cinema_bp,
    agreed_price = excluded.agreed_price, basis = excluded.basis;

-- name: contracts_for
-- The contracts that may apply to a cinema on a day.
SELECT cinema, film, format, valid_from, fund_bp, vat_bp, cinema_bp, agreed_price, basis FROM contracts
WHERE (cinema IS NULL OR cinema = $1) AND valid_from <= $2 ORDER BY valid_from, id;

-- name: all_contracts
-- Every contract, oldest first.
SELECT cinema, film, format, valid_from, fund_bp, vat_bp, cinema_bp, agreed_price, basis FROM contracts
ORDER BY valid_from, id;
