-- Over how many logical shards the sales are spread, kept by the first start: where a sale lies follows from it.

CREATE TABLE shards (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    number  integer NOT NULL CHECK (number > 0)
);
