"""Contracts: the dated terms by which box office is split, per cinema, film and format.

A contract holds from its day on, until a newer one for the same things. Among those that match, the most
specific wins: a named cinema counts more than a named film, that more than a named format. Rates are never
constants: the fund was waived for months, single films ran on terms of their own.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from ledger.pool import Db
from ledger.queries import many, run
from ledger.settlement import Terms

Basis = Literal["issued", "attended"]


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """None means any. Shares in basis points; `agreed_price` per ticket, in the showtime's currency.

    `basis`: tickets issued and not refunded count, or only those that came to the door (`attended`).
    """

    cinema: str | None
    film: str | None
    format: str | None
    valid_from: date
    fund_bp: int
    vat_bp: int
    cinema_bp: int
    agreed_price: int
    basis: Basis

    def terms(self) -> Terms:
        return Terms(
            fund_bp=self.fund_bp, vat_bp=self.vat_bp, cinema_bp=self.cinema_bp, agreed_price=self.agreed_price
        )


class NoContract(Exception):
    """No contract covers this cinema, film and format on this day."""


def applying(contracts: Iterable[Contract], cinema: str, film: str, format: str, day: date) -> Contract:
    """The contract in force; of equally specific ones the newest. Raises NoContract."""
    matching = [
        one
        for one in contracts
        if one.cinema in (None, cinema)
        and one.film in (None, film)
        and one.format in (None, format)
        and one.valid_from <= day
    ]
    if not matching:
        raise NoContract(f"No contract covers {cinema}, {film} ({format}) on {day}.")
    return max(matching, key=lambda one: (*_named(one), one.valid_from))


def _named(contract: Contract) -> tuple[bool, bool, bool]:
    return contract.cinema is not None, contract.film is not None, contract.format is not None


async def put(db: Db, contract: Contract) -> None:
    """Store a contract; one of the same cinema, film, format and day is replaced."""
    fields = msgspec.structs.astuple(contract)
    await put_contract(db, *fields)


async def put_contract(
    db: Db,
    cinema: str | None,
    film: str | None,
    format: str | None,
    valid_from: date,
    fund_bp: int,
    vat_bp: int,
    cinema_bp: int,
    agreed_price: int,
    basis: Basis,
) -> None:
    rates = (fund_bp, vat_bp, cinema_bp, agreed_price)
    await run(db, "put_contract", cinema, film, format, valid_from, *rates, basis)


async def contracts_for(db: Db, cinema: str, day: date) -> list[Contract]:
    return await many(db, "contracts_for", Contract, cinema, day)


async def all_contracts(db: Db) -> list[Contract]:
    return await many(db, "all_contracts", Contract)
