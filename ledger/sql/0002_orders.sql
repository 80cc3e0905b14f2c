-- What was sold: orders, their tickets, the payments, and money that must go back.

CREATE TABLE orders (
    token         text PRIMARY KEY CHECK (token <> ''),
    sale          integer NOT NULL,
    showtime      integer NOT NULL REFERENCES showtimes (serial),
    fan           text NOT NULL,
    entry         bigint NOT NULL CHECK (entry >= 0),
    seats         smallint NOT NULL CHECK (seats > 0),
    gross         minor_units NOT NULL,
    fees          minor_units NOT NULL,
    amount        minor_units NOT NULL CHECK (amount = gross + fees),
    currency      currency NOT NULL,
    created_ms    moment_ms NOT NULL,
    confirmed_ms  moment_ms NOT NULL,
    state         text NOT NULL DEFAULT 'confirmed' CHECK (state IN ('confirmed', 'refunded', 'exchanged')),
    -- Where the order came from: the record `version` of the stream of `shard`.
    shard         smallint NOT NULL CHECK (shard >= 0),
    version       bigint NOT NULL CHECK (version > 0)
);

CREATE INDEX orders_by_sale ON orders (sale);

CREATE TABLE tickets (
    token          text NOT NULL REFERENCES orders (token),
    n              smallint NOT NULL CHECK (n > 0),
    showtime       integer NOT NULL,
    seat           text NOT NULL CHECK (seat <> ''),
    seat_index     integer NOT NULL CHECK (seat_index >= 0),
    category       text NOT NULL,
    amount         minor_units NOT NULL,
    -- A ticket that is not live was refunded or exchanged and leaves its seat to another one.
    live           boolean NOT NULL DEFAULT true,
    checked_in_ms  moment_ms,
    PRIMARY KEY (token, n),
    CHECK (live OR checked_in_ms IS NULL)
);

-- The last arbiter: a seat has at most one owner.
CREATE UNIQUE INDEX tickets_live_seat ON tickets (showtime, seat) WHERE live;
CREATE INDEX tickets_not_live ON tickets (showtime) WHERE NOT live;

CREATE TABLE payments (
    provider   text NOT NULL CHECK (provider <> ''),
    reference  text NOT NULL CHECK (reference <> ''),
    token      text NOT NULL,
    method     text NOT NULL,
    amount     minor_units NOT NULL,
    currency   currency NOT NULL,
    at_ms      moment_ms NOT NULL,
    PRIMARY KEY (provider, reference)
);

CREATE INDEX payments_by_order ON payments (token);

-- Money to give back, at most once per payment.
CREATE TABLE refunds (
    provider   text NOT NULL,
    reference  text NOT NULL,
    token      text NOT NULL,
    amount     minor_units NOT NULL,
    currency   currency NOT NULL,
    why        text NOT NULL CHECK (why IN ('late', 'double', 'conflict')),
    state      text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent')),
    due_ms     moment_ms NOT NULL,
    sent_ms    moment_ms,
    PRIMARY KEY (provider, reference),
    FOREIGN KEY (provider, reference) REFERENCES payments (provider, reference),
    CHECK ((state = 'sent') = (sent_ms IS NOT NULL))
);

CREATE INDEX refunds_due ON refunds (due_ms) WHERE state = 'due';

-- A showtime given back to the storefront: seat indices in plan order.
CREATE TABLE reclaims (
    shard     smallint NOT NULL,
    version   bigint NOT NULL,
    showtime  integer NOT NULL REFERENCES showtimes (serial),
    at_ms     moment_ms NOT NULL,
    sold      integer[] NOT NULL,
    back      integer[] NOT NULL,
    PRIMARY KEY (shard, version)
);
