-- What the storefront delegated: seat plans, sales, showtimes.
--
-- Moments are integer milliseconds UTC (`*_ms`), as everywhere inside Usher: one number from the store's clock to
-- the row. Money is bigint minor units of an ISO 4217 currency.

CREATE DOMAIN currency AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN minor_units AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN moment_ms AS bigint CHECK (VALUE >= 0);

-- A plan's document is immutable and found by content; a name points at the newest one put under it.
CREATE TABLE plan_documents (
    digest    text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{40}$'),
    document  jsonb NOT NULL CHECK (jsonb_typeof(document) = 'object')
);

CREATE TABLE plans (
    name      text PRIMARY KEY CHECK (name <> ''),
    digest    text NOT NULL REFERENCES plan_documents (digest),
    left_out  text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE sales (
    id             text PRIMARY KEY CHECK (id <> ''),
    serial         integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    shard          smallint NOT NULL CHECK (shard >= 0),
    title          text NOT NULL,
    opens_at_ms    moment_ms NOT NULL,
    draw           boolean NOT NULL,
    capacity       integer NOT NULL CHECK (capacity > 0),
    shopping_ms    integer NOT NULL CHECK (shopping_ms > 0),
    seats_per_fan  integer NOT NULL CHECK (seats_per_fan > 0),
    identity       text NOT NULL CHECK (identity IN ('guest', 'storefront')),
    claim_ms       integer NOT NULL CHECK (claim_ms > 0),
    hold_ms        integer NOT NULL CHECK (hold_ms > 0),
    pay_ms         integer NOT NULL CHECK (pay_ms > 0),
    presence_ms    integer NOT NULL CHECK (presence_ms > 0),
    seed           text NOT NULL CHECK (seed ~ '^[0-9a-f]{64}$')
);

CREATE TABLE showtimes (
    id            text PRIMARY KEY CHECK (id <> ''),
    serial        integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    sale          integer NOT NULL REFERENCES sales (serial),
    cinema        text NOT NULL CHECK (cinema <> ''),
    auditorium    text NOT NULL,
    film          text NOT NULL CHECK (film <> ''),
    format        text NOT NULL,
    starts_at_ms  moment_ms NOT NULL,
    time_zone     text NOT NULL CHECK (time_zone <> ''),
    plan          text NOT NULL,
    plan_digest   text NOT NULL REFERENCES plan_documents (digest),
    prices        jsonb NOT NULL CHECK (jsonb_typeof(prices) = 'object'),
    service_fee   minor_units NOT NULL,
    currency      currency NOT NULL,
    blocked       text[] NOT NULL DEFAULT '{}',
    sold          text[] NOT NULL DEFAULT '{}',
    orphans       text NOT NULL CHECK (orphans IN ('strict', 'prefer', 'off')),
    -- True once the store has its seats: from then on a store without them must not sell.
    loaded        boolean NOT NULL DEFAULT false
);

CREATE INDEX showtimes_by_sale ON showtimes (sale);
CREATE INDEX showtimes_by_cinema ON showtimes (cinema, starts_at_ms);
