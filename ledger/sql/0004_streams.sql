-- How far each shard's stream has been written down, and what an operator must look at.

CREATE TABLE cursors (
    shard    smallint PRIMARY KEY CHECK (shard >= 0),
    version  bigint NOT NULL CHECK (version >= 0),
    sum      text NOT NULL,
    at_ms    moment_ms NOT NULL
);

-- Records that could not be written, kept whole.
CREATE TABLE dead_letters (
    shard    smallint NOT NULL,
    version  bigint NOT NULL,
    kind     text NOT NULL,
    body     bytea NOT NULL,
    sum      text NOT NULL,
    why      text NOT NULL,
    at_ms    moment_ms NOT NULL,
    PRIMARY KEY (shard, version)
);

-- Orders that came with a seat somebody else already owned; such an order keeps no seat.
CREATE TABLE conflicts (
    token     text NOT NULL,
    showtime  integer NOT NULL,
    seat      text NOT NULL,
    owner     text NOT NULL,
    shard     smallint NOT NULL,
    version   bigint NOT NULL,
    at_ms     moment_ms NOT NULL,
    PRIMARY KEY (token, seat)
);

-- One open alarm per name and subject; seeing it again counts it.
CREATE TABLE alarms (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    subject    text NOT NULL,
    detail     text NOT NULL,
    raised_ms  moment_ms NOT NULL,
    seen_ms    moment_ms NOT NULL,
    times      bigint NOT NULL DEFAULT 1 CHECK (times > 0),
    closed_ms  moment_ms
);

CREATE UNIQUE INDEX alarms_open ON alarms (name, subject) WHERE closed_ms IS NULL;
