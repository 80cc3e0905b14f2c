"""The pages for people, rendered here and kept as files beside: plain now, made to grow."""

from pathlib import Path
from typing import Any, Final

import jinja2
from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath

from allocator.sale import Sale
from api.house import House
from api.moments import rfc3339
from api.problems import Refused
from api.refusals import NoSuchPage
from api.rooms import Rooms

FOLDER: Final = Path(__file__).parent / "pages"
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
templates: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
files: Final = {path.name: path for path in FOLDER.iterdir() if path.suffix in MEDIA}
"""What pages may load: these names and nothing else of this machine."""


def page(name: str, root: str, status: int = 200, **fields: object) -> Response[str]:
    """A template as an answer that runs no script but ours."""
    text = templates.get_template(name).render(root=root, **fields)
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=HEADERS)


@get("/pages/{name:str}", include_in_schema=False, sync_to_thread=False)
def page_file(name: FromPath[str]) -> Response[bytes]:
    """A style or a script, asked for again each time: a few kilobytes."""
    path = files.get(name)
    if path is None:
        raise Refused(NoSuchPage())
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Response(path.read_bytes(), media_type=MEDIA[path.suffix], headers=headers)


@get("/", include_in_schema=False)
async def fans_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The sales, and everything a fan needs to buy."""
    house: House = request.app.state.house
    sales = [listed(sale, house.rooms) for sale in house.rooms.catalogue.sales()]
    return page("fans.html", house.settings.root_path, title="Premieres", sales=sales)


def listed(sale: Sale, rooms: Rooms) -> dict[str, Any]:
    """A sale as the list shows it."""
    return {
        "id": sale.id,
        "title": sale.title,
        "state": rooms.state_of(sale),
        "opens_at": rfc3339(sale.opens_at_ms),
        "showtimes": [shown(onsale.showtime) for onsale in rooms.catalogue.showtimes_of(sale.id)],
    }


def shown(show: Any) -> dict[str, Any]:
    prices = ", ".join(f"{key} {amount / 100:.2f} {show.currency}" for key, amount in show.prices.items())
    return {
        "film": show.film,
        "format": show.format,
        "cinema": show.cinema,
        "auditorium": show.auditorium,
        "starts_at": rfc3339(show.starts_at_ms),
        "prices": prices,
    }
