"""Contracts: the dated terms by which box office is split, kept by operators."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.params import JSONBody

from api.callers import need
from api.requests import MINOR_UNITS, Input, Name
from api.rooms import OpenRooms, reaching_ledger
from ledger import contracts
from ledger.contracts import Basis, Contract

BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class ContractBody(Input, frozen=True, kw_only=True):
    """A missing cinema, film or format means any; the most specific contract in force counts."""

    cinema: Name | None = None
    film: Name | None = None
    format: Name | None = None
    valid_from: date
    fund_bp: BasisPoints
    vat_bp: BasisPoints
    cinema_bp: BasisPoints
    agreed_price: Annotated[int, msgspec.Meta(ge=0, le=10**12, description=MINOR_UNITS)] = 0
    basis: Basis = "issued"


class Contracts(msgspec.Struct, frozen=True):
    contracts: list[Contract]


@put(
    "/v1/contracts",
    operation_id="putContract",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def put_contract(data: JSONBody[ContractBody], rooms: OpenRooms) -> Contract:
    """Sets the terms from a day on; those of the same cinema, film, format and day are replaced."""
    contract = Contract(**{name: getattr(data, name) for name in data.__struct_fields__})
    async with reaching_ledger():
        await contracts.put(rooms.pool, contract)
    return contract


@get(
    "/v1/contracts",
    operation_id="listContracts",
    tags=["operator"],
    guards=[need("operator", "cinema")],
    security=[{"bearer": []}],
)
async def list_contracts(rooms: OpenRooms) -> Contracts:
    """All terms, past ones too."""
    async with reaching_ledger():
        return Contracts(await contracts.all_contracts(rooms.pool))
