"""The ledger's own numbers of showtimes and accounts, kept in memory because neither ever changes."""

from typing import Literal

import msgspec

from ledger.pool import Db
from ledger.queries import many, one, run

AccountKind = Literal["clearing", "box_office", "service_fees", "refunds_due"]


class Show(msgspec.Struct, frozen=True):
    """What an order must know about its showtime."""

    id: str
    serial: int
    sale: int
    sale_id: str
    cinema: str
    currency: str


class Account(msgspec.Struct, frozen=True):
    id: int
    kind: AccountKind
    owner: str
    currency: str


class Books:
    """Serials of showtimes and ids of accounts; read, and an account opened, when first needed."""

    def __init__(self) -> None:
        self._shows: dict[str, Show] = {}
        self._accounts: dict[tuple[AccountKind, str, str], int] = {}

    async def learn_shows(self, db: Db, showtimes: set[str]) -> None:
        missing = showtimes - self._shows.keys()
        if missing:
            self._shows.update({show.id: show for show in await shows(db, sorted(missing))})

    async def learn_accounts(self, db: Db, wanted: set[tuple[AccountKind, str, str]]) -> None:
        for kind, owner, currency in sorted(wanted - self._accounts.keys()):
            account = await find_account(db, kind, owner, currency)
            if account is None:
                await open_account(db, kind, owner, currency)
                account = await find_account(db, kind, owner, currency)
            assert account is not None, "accounts are never closed"
            self._accounts[kind, owner, currency] = account.id

    def show(self, showtime: str) -> Show | None:
        return self._shows.get(showtime)

    def account(self, kind: AccountKind, owner: str, currency: str) -> int:
        return self._accounts[kind, owner, currency]


async def shows(db: Db, showtimes: list[str]) -> list[Show]:
    return await many(db, "shows", Show, showtimes)


async def open_account(db: Db, kind: str, owner: str, currency: str) -> None:
    await run(db, "open_account", kind, owner, currency)


async def find_account(db: Db, kind: str, owner: str, currency: str) -> Account | None:
    return await one(db, "find_account", Account, kind, owner, currency)
