"""The answers kept under Idempotency-Keys, wherever they are kept."""

from store.connection import Store

ANSWERS = "usher:*answer:*"


async def names(store: Store) -> list[bytes]:
    return [name async for name in store.client.scan_iter(ANSWERS)]


async def forget(store: Store) -> None:
    """As their end of time does."""
    for name in await names(store):
        await store.client.delete(name)
