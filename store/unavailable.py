"""The one exception of the store's callers."""


class StoreUnavailable(Exception):
    """The store cannot decide now; nothing is known to have changed. Ask again with the same request."""
