-- Double entry in minor units, and the contracts by which box office is split.
--
-- Each row of `movements` takes `amount` out of one account and puts it into another one of the same currency, so
-- the entries of a movement (token, cause) sum to zero because nothing else can be written down. The view `entries`
-- shows the two sides.

CREATE TABLE accounts (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- clearing: money at the payment provider `owner`; box_office: owed to the cinema `owner`; service_fees: the
    -- platform's own; refunds_due: owed to fans.
    kind      text NOT NULL CHECK (kind IN ('clearing', 'box_office', 'service_fees', 'refunds_due')),
    owner     text NOT NULL,
    currency  currency NOT NULL,
    UNIQUE (kind, owner, currency),
    UNIQUE (id, currency)
);

CREATE TABLE movements (
    token     text NOT NULL,
    -- Why the money moved, once per order: `sold`, `owed/<provider>/<reference>`, `sent/<provider>/<reference>`.
    cause     text NOT NULL CHECK (cause <> ''),
    leg       smallint NOT NULL CHECK (leg > 0),
    at_ms     moment_ms NOT NULL,
    debit     integer NOT NULL,
    credit    integer NOT NULL,
    amount    bigint NOT NULL CHECK (amount > 0),
    currency  currency NOT NULL,
    PRIMARY KEY (token, cause, leg),
    CHECK (debit <> credit),
    FOREIGN KEY (debit, currency) REFERENCES accounts (id, currency),
    FOREIGN KEY (credit, currency) REFERENCES accounts (id, currency)
);

CREATE VIEW entries AS
    SELECT token, cause, at_ms, debit AS account, amount, currency FROM movements
    UNION ALL
    SELECT token, cause, at_ms, credit, -amount, currency FROM movements;

-- Shares are basis points (1/10,000). A null cinema, film or format means any; the most specific row wins.
CREATE TABLE contracts (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cinema        text CHECK (cinema <> ''),
    film          text CHECK (film <> ''),
    format        text,
    valid_from    date NOT NULL,
    fund_bp       integer NOT NULL CHECK (fund_bp BETWEEN 0 AND 10000),
    vat_bp        integer NOT NULL CHECK (vat_bp BETWEEN 0 AND 10000),
    cinema_bp     integer NOT NULL CHECK (cinema_bp BETWEEN 0 AND 10000),
    agreed_price  minor_units NOT NULL,
    basis         text NOT NULL CHECK (basis IN ('issued', 'attended')),
    UNIQUE NULLS NOT DISTINCT (cinema, film, format, valid_from),
    CHECK (fund_bp + vat_bp <= 10000)
);

INSERT INTO contracts (valid_from, fund_bp, vat_bp, cinema_bp, agreed_price, basis)
    VALUES ('1970-01-01', 500, 330, 5700, 0, 'issued');
