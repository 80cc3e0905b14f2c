"""An order's page: what is bought, how it stands, and the tickets with their codes to scan.

Whoever has the link may read it, as with the order itself.
"""

import io
from typing import Any, Final, Literal

import segno
from litestar import Response, get

from allocator.catalogue import OnSale
from api.fans_pages import rooms_of
from api.order_view import OrderView
from api.orders import ordered_at, view_of
from api.pages import IN_WORDS, AnyRequest, page
from api.problems import Refused
from api.refusals import NoSuchPage
from api.requests import PathId
from api.words import local_time, plain_money

Step = Literal["paying", "confirmed", "declined", "late", "lapsed", "returned"]
QUIET_MODULES: Final = 4
"""The white margin that the standard of QR codes asks for."""


@get("/orders/{order:str}", include_in_schema=False, exception_handlers=IN_WORDS)
async def order_page(request: AnyRequest, order: PathId) -> Response[bytes]:
    """The order in words, its ticket codes drawn."""
    rooms = rooms_of(request)
    onsale, token = await ordered_at(order, rooms)
    view = await view_of(onsale, token, rooms)
    told = request.query_params.get("outcome", "")
    return page(request, "order.html", order=described(onsale, view), step=step_of(view, told))


@get("/orders/{order:str}/tickets/{picture:str}", include_in_schema=False)
async def ticket_picture(request: AnyRequest, order: PathId, picture: PathId) -> Response[bytes]:
    """The code of one ticket as a picture of its own: `1.svg` is the first."""
    rooms = rooms_of(request)
    view = await view_of(*await ordered_at(order, rooms), rooms)
    wanted = picture.removesuffix(".svg")
    code = next((ticket.code for ticket in view.tickets if ticket.ticket.endswith(f"-{wanted}")), None)
    if code is None:
        raise Refused(NoSuchPage())
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(qr(code, standalone=True).encode(), media_type="image/svg+xml", headers=headers)


def step_of(view: OrderView, told: str) -> Step:
    """What the page is about. `told` is what the provider's page came back with: it may say that a payment
    was declined, which leaves the order as it was, and nothing else."""
    match view.state:
        case "awaiting_payment":
            return "declined" if told == "declined" else "paying"
        case "confirmed" | "exchanged":
            return "confirmed"
        case "refunded":
            return "late" if view.durability is None else "returned"
        case "expired":
            return "lapsed"


def described(onsale: OnSale, view: OrderView) -> dict[str, Any]:
    """The order as the template shows it."""
    show = onsale.showtime
    codes = {ticket.seat: ticket for ticket in view.tickets}
    seats = [
        {
            "seat": seat.seat,
            "category": category_name(onsale, seat.category),
            "price": seat.price,
            "money": plain_money(seat.price, view.currency),
            "ticket": codes[seat.seat].ticket if seat.seat in codes else None,
            "code": codes[seat.seat].code if seat.seat in codes else None,
            "qr": qr(codes[seat.seat].code) if seat.seat in codes else None,
        }
        for seat in view.seats
    ]
    return {
        "id": view.order,
        "view": view,
        "seats": seats,
        "sale_title": onsale.sale.title,
        "pay_s": onsale.sale.pay_ms // 1000,
        "format": show.format,
        "zone": show.time_zone,
        "starts_local": local_time(show.starts_at_ms, show.time_zone),
        "money": plain_money(view.amount, view.currency),
        "fees_money": plain_money(view.fees, view.currency),
    }


def category_name(onsale: OnSale, key: str) -> str:
    """The category as the plan names it to people."""
    return next((each.label for each in onsale.plan.categories if each.key == key), key)


def qr(code: str, *, standalone: bool = False) -> str:
    """The code as an SVG of black on white, whatever the colours of the page."""
    picture = io.BytesIO()
    segno.make_qr(code, error="m").save(
        picture,
        kind="svg",
        border=QUIET_MODULES,
        light="#fff",
        dark="#000",
        xmldecl=standalone,
        svgns=standalone,
        omitsize=True,
        nl=False,
    )
    return picture.getvalue().decode()
