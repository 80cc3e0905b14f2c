"""Settlement statements: what a cinema has coming for a business day, as JSON or CSV."""

from datetime import date
from typing import Annotated, Literal

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from api.callers import need
from api.problems import Refused
from api.refusals import UnknownCinema, UnknownContract
from api.rooms import OpenRooms, reaching_ledger
from ledger.contracts import NoContract
from ledger.statement import Statement, as_csv, cinema_known, statement


@get(
    "/v1/settlements",
    operation_id="getSettlement",
    tags=["cinemas"],
    guards=[need("cinema", "operator", "storefront")],
    security=[{"bearer": []}],
)
async def get_settlement(
    rooms: OpenRooms,
    cinema: Annotated[str, QueryParameter(min_length=1, max_length=200)],
    day: FromQuery[date],
    written_as: Annotated[Literal["json", "csv"], QueryParameter(name="format")] = "json",
) -> Response[Statement] | Response[str]:
    """Per film and format: tickets, gross, refunds, fees, fund, VAT, shares, dues; days from 06:00 local."""
    async with reaching_ledger():
        try:
            found = await statement(rooms.pool, cinema, day)
        except NoContract:
            raise Refused(UnknownContract()) from None
        if not found.lines and not await cinema_known(rooms.pool, cinema):
            raise Refused(UnknownCinema())
    headers = {"cache-control": "no-store"}
    if written_as == "csv":
        return Response(as_csv(found), media_type="text/csv", headers=headers)
    return Response(found, headers=headers)
