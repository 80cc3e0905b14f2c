"""Sales: delegated by the storefront, read by everyone; `api.moves` moves them."""

from typing import Annotated

import msgspec
from litestar import Response, get, put
from litestar.params import JSONBody

from allocator.sale import Identity, Sale, SaleId, SaleState
from api.callers import need
from api.moments import Moment, rfc3339, to_ms
from api.problems import Refused
from api.refusals import AlreadyOnSale, BadRequest
from api.requests import Input, Name, PathId
from api.rooms import OpenRooms, past_gate, reaching_ledger
from api.sale_counts import SaleCounts, with_ledger
from ledger import definitions
from store import keys
from waiting_room.draw import commitment

Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class SaleBody(Input, frozen=True, kw_only=True):
    title: Name
    opens_at: Moment
    draw: bool = True
    capacity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    shopping_s: Seconds = 600
    seats_per_fan: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    identity: Identity = "guest"
    claim_s: Seconds = 60
    hold_s: Seconds = 600
    pay_s: Seconds = 600
    presence_s: Seconds = 30


class SaleView(msgspec.Struct, frozen=True, kw_only=True):
    """`seed_sha256` commits to the draw before anyone joins."""

    sale: str
    title: str
    state: SaleState
    opens_at: str
    draw: bool
    seats_per_fan: int
    identity: Identity
    seed_sha256: str


class Sales(msgspec.Struct, frozen=True):
    sales: list[SaleView]


@put(
    "/v1/sales/{sale:str}",
    operation_id="putSale",
    tags=["storefront"],
    guards=[need("storefront")],
    security=[{"bearer": []}],
)
async def put_sale(sale: PathId, data: JSONBody[SaleBody], rooms: OpenRooms) -> Response[SaleView]:
    """Delegates a sale. Once it has opened, only title, capacity and shopping time may change."""
    if data.identity == "storefront" and not rooms.settings.identity_jwks:
        raise Refused(BadRequest(why="identity: no keys of the storefront are set up."))
    wanted = sale_of(sale, data, rooms.settings.shards)
    fixed = await rooms.has_begun(sale)
    async with reaching_ledger():
        stored = await definitions.put_sale(rooms.pool, wanted, fixed=fixed)
    if isinstance(stored, definitions.Fixed):
        raise Refused(AlreadyOnSale(what=", ".join(stored.fields)))
    # The gate of a new shard takes a second to open: waited for here, where nobody else has to wait along.
    await past_gate(lambda: rooms.waiting_room.mirror.refresh(stored.definition))

    async def tell(known: Sale) -> None:
        await rooms.catalogue.put_sale(known)
        await rooms.waiting_room.put_sale(known)

    async with reaching_ledger():
        await definitions.tell_sale(rooms.pool, sale, tell)
        await definitions.mark_sale_loaded(rooms.pool, sale)
    view = view_of(stored.definition, rooms.state_of(stored.definition))
    return Response(view, status_code=201 if stored.created else 200)


@get(
    "/v1/sales/{sale:str}",
    operation_id="getSale",
    tags=["storefront", "operator"],
    guards=[need("storefront", "operator")],
    security=[{"bearer": []}],
)
async def get_sale(sale: PathId, rooms: OpenRooms) -> SaleCounts:
    """State and live counts."""
    return await with_ledger(await rooms.sale(sale), rooms)


@get("/v1/sales", operation_id="listSales", tags=["fans"], sync_to_thread=False)
def list_sales(rooms: OpenRooms) -> Sales:
    """Every sale, public."""
    return Sales([view_of(sale, rooms.state_of(sale)) for sale in rooms.catalogue.sales()])


def sale_of(sale: str, body: SaleBody, shards: int) -> Sale:
    """The definition; serial and seed are the ledger's to give."""
    return Sale(
        id=SaleId(sale),
        serial=0,
        shard=keys.shard_of(sale, shards),
        title=body.title,
        opens_at_ms=to_ms(body.opens_at),
        draw=body.draw,
        capacity=body.capacity,
        shopping_ms=body.shopping_s * 1000,
        seats_per_fan=body.seats_per_fan,
        identity=body.identity,
        claim_ms=body.claim_s * 1000,
        hold_ms=body.hold_s * 1000,
        pay_ms=body.pay_s * 1000,
        presence_ms=body.presence_s * 1000,
        seed="",
    )


def view_of(sale: Sale, state: SaleState) -> SaleView:
    return SaleView(
        sale=sale.id,
        title=sale.title,
        state=state,
        opens_at=rfc3339(sale.opens_at_ms),
        draw=sale.draw,
        seats_per_fan=sale.seats_per_fan,
        identity=sale.identity,
        seed_sha256=commitment(sale.seed),
    )
