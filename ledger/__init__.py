"""The ledger: what was sold, for good, in Postgres."""
