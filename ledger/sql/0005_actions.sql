-- What operators did: which sale, what, who and why. Rows are only ever added.

CREATE TABLE actions (
    id      text PRIMARY KEY CHECK (id <> ''),
    -- No reference to a sale: the log takes down what was done, whatever else is true.
    sale    text NOT NULL CHECK (sale <> ''),
    at_ms   moment_ms NOT NULL,
    verb    text NOT NULL CHECK (verb IN ('open', 'pause', 'resume', 'close', 'capacity')),
    -- The name the operator gave; empty when none was given.
    who     text NOT NULL,
    why     text NOT NULL,
    -- What changed, such as `capacity 500`.
    detail  text NOT NULL
);

CREATE INDEX actions_by_sale ON actions (sale, at_ms);
