-- A ticket shop in Postgres alone, as well as we know how to tune it: the peer of `benchmarks.orders`.
--
-- One function a call, so that an order costs three statements and three trips. Free seats stand in a partial index
-- by nearness, so that the best free ones are its first entries; SKIP LOCKED lets buyers of one hall pass each other.
-- Tables leave room in their pages for the new versions of their rows.

CREATE TABLE seats (
    show      integer NOT NULL,
    category  smallint NOT NULL,
    rank      integer NOT NULL,
    seat      text NOT NULL,
    state     smallint NOT NULL DEFAULT 0,
    token     text,
    PRIMARY KEY (show, category, rank)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX seats_free ON seats (show, category, rank) WHERE state = 0;

CREATE TABLE fans (
    sale   integer NOT NULL,
    fan    text NOT NULL,
    seats  smallint NOT NULL,
    PRIMARY KEY (sale, fan)
) WITH (fillfactor = 70);

-- A hold and the order it becomes; `state`: 1 held, 2 awaiting payment, 3 confirmed. No seat is sold without its row.
CREATE TABLE orders (
    token     text PRIMARY KEY,
    fan       text NOT NULL,
    show      integer NOT NULL,
    category  smallint NOT NULL,
    ranks     integer[] NOT NULL,
    seats     text[] NOT NULL,
    amount    bigint NOT NULL,
    until_at  timestamptz NOT NULL,
    state     smallint NOT NULL DEFAULT 1
) WITH (fillfactor = 60);

CREATE TABLE payments (
    reference  text PRIMARY KEY,
    token      text NOT NULL REFERENCES orders (token),
    amount     bigint NOT NULL
);

-- The best `wanted` free seats for a fan; the same token again gets the first answer. A refusal rolls all of it back.
CREATE FUNCTION hold(
    in_token text, in_sale integer, in_show integer, in_category smallint, in_fan text, wanted smallint,
    most smallint, price bigint, OUT out_seats text[], OUT out_amount bigint
) LANGUAGE plpgsql AS $$
DECLARE
    taken integer[];
BEGIN
    SELECT o.seats, o.amount INTO out_seats, out_amount FROM orders o WHERE o.token = in_token;
    IF FOUND THEN
        RETURN;
    END IF;
    INSERT INTO fans AS f (sale, fan, seats) VALUES (in_sale, in_fan, wanted)
    ON CONFLICT (sale, fan) DO UPDATE SET seats = f.seats + wanted WHERE f.seats + wanted <= most;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'over-limit';
    END IF;
    WITH free AS (
        SELECT s.rank FROM seats s WHERE s.show = in_show AND s.category = in_category AND s.state = 0
        ORDER BY s.rank LIMIT wanted FOR UPDATE SKIP LOCKED
    ), held AS (
        UPDATE seats s SET state = 1, token = in_token FROM free
        WHERE s.show = in_show AND s.category = in_category AND s.rank = free.rank RETURNING s.rank, s.seat
    )
    SELECT array_agg(held.rank), array_agg(held.seat) INTO taken, out_seats FROM held;
    IF coalesce(cardinality(taken), 0) < wanted THEN
        RAISE EXCEPTION 'no-fit';
    END IF;
    out_amount := price * wanted;
    INSERT INTO orders (token, fan, show, category, ranks, seats, amount, until_at)
    VALUES (in_token, in_fan, in_show, in_category, taken, out_seats, out_amount, now() + interval '10 minutes');
END $$;

-- The money of an order, once by its reference: seats and order are sold with it.
CREATE FUNCTION pay(in_token text, in_reference text, in_amount bigint, OUT out_seats text[])
LANGUAGE plpgsql AS $$
DECLARE
    bought orders;
BEGIN
    INSERT INTO payments (reference, token, amount) VALUES (in_reference, in_token, in_amount)
    ON CONFLICT (reference) DO NOTHING;
    IF NOT FOUND THEN
        SELECT o.seats INTO out_seats FROM orders o WHERE o.token = in_token AND o.state = 3;
        RETURN;
    END IF;
    UPDATE orders o SET state = 3 WHERE o.token = in_token AND o.state = 2 AND o.amount = in_amount
    RETURNING o.* INTO bought;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not-payable';
    END IF;
    UPDATE seats s SET state = 2
    WHERE s.show = bought.show AND s.category = bought.category AND s.rank = ANY (bought.ranks);
    out_seats := bought.seats;
END $$;
