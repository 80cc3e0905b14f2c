-- What a rebuilt store needs in order to answer a repeated request as the lost one would have: the hold that an order
-- was, and the record by which a payment came. Orders of before are known without these.

ALTER TABLE orders
    ADD COLUMN held_ms moment_ms,
    ADD COLUMN hold_until_ms moment_ms,
    ADD COLUMN together boolean,
    ADD COLUMN pay_by_ms moment_ms;

ALTER TABLE payments ADD COLUMN version bigint CHECK (version > 0);

-- True once the store has the sale: from then on a store without it must not sell.
ALTER TABLE sales ADD COLUMN loaded boolean NOT NULL DEFAULT false;
