"""Pages for people: templates of `pages/` rendered in the reader's language, and the files they load.

Files are served under a digest of them all, so that a browser asks for each of them once and a new version
is never mixed with an old one.
"""

import hashlib
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import jinja2
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import ExceptionHandlersMap

from api import words
from api.compression import squeezed
from api.house import House
from api.problems import Refusal, Refused, response, row_of
from api.problems import headers as problem_headers
from api.refusals import NoSuchPage, StoreAway
from store.unavailable import StoreUnavailable

FOLDER: Final = Path(__file__).parent / "pages"
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
LANGUAGE_COOKIE: Final = "usher_lang"
LANGUAGE_KEPT_S: Final = 365 * 24 * 3600
MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
OFFLINE_WORKER: Final = "offline_worker.js"
"""May open pages that stand beside the folder it is loaded from."""
AnyRequest: TypeAlias = Request[Any, Any, Any]
templates: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
files: Final = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in MEDIA}
"""What pages may load: these names and nothing else of this machine."""
VERSION: Final = hashlib.sha256(b"\0".join(name.encode() + text for name, text in files.items())).hexdigest()[
    :12
]


def page(request: AnyRequest, name: str, status: int = 200, **fields: object) -> Response[bytes]:
    """A template in the reader's language, as an answer that runs no script but ours."""
    root, language = root_of(request), language_of(request)
    text = templates.get_template(name).render(
        root=root,
        files=f"{root}/pages/{VERSION}",
        lang=language,
        t=words.speaker(language),
        lang_links={each: lang_link(request, each) for each in words.LANGUAGES},
        **fields,
    )
    body, encoding = squeezed(text.encode(), request.headers, lasting=False)
    headers = {**HEADERS, **encoding, "content-language": language}
    kept = [lang_cookie(root, language)] if "lang" in request.query_params else []
    return Response(body, media_type=MediaType.HTML, status_code=status, headers=headers, cookies=kept)


def root_of(request: AnyRequest) -> str:
    house: House = request.app.state.house
    return house.settings.root_path


def language_of(request: AnyRequest) -> words.Language:
    """`?lang=`, else the one chosen before, else what the browser asks for."""
    asked = (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    return words.choose(asked, request.headers.get("accept-language", ""))


def lang_link(request: AnyRequest, language: str) -> str:
    """This page in another language."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return "?" + urlencode([*kept, ("lang", language)])


def lang_cookie(root: str, language: str) -> Cookie:
    """The choice; open to scripts, as a choice made without a network is written by the page (offline.js)."""
    return Cookie(
        key=LANGUAGE_COOKIE,
        value=language,
        path=root or "/",
        max_age=LANGUAGE_KEPT_S,
        samesite="lax",
    )


@get(["/pages/{version:str}/{name:str}", "/pages/{name:str}"], include_in_schema=False, sync_to_thread=False)
def page_file(request: AnyRequest, name: FromPath[str], version: FromPath[str] = "") -> Response[bytes]:
    """A style, a script or a picture; under the digest it was linked with it never changes."""
    content = files.get(name)
    if content is None:
        raise Refused(NoSuchPage())
    body, encoding = squeezed(content, request.headers, lasting=True)
    caching = "public, max-age=31536000, immutable" if version == VERSION else "no-cache"
    headers = {"cache-control": caching, "x-content-type-options": "nosniff", **encoding}
    if name == OFFLINE_WORKER:
        headers["service-worker-allowed"] = f"{root_of(request)}/"
    return Response(body, media_type=MEDIA[Path(name).suffix], headers=headers)


def wants_page(request: AnyRequest) -> bool:
    """True for a browser that opens an address, False for a program that calls."""
    return "text/html" in request.headers.get("accept", "")


def problem_page(request: AnyRequest, refusal: Refusal) -> Response[bytes]:
    """A refusal in plain words with the way on; its document for a program."""
    if not wants_page(request):
        return response(refusal)
    row = row_of(refusal)
    kind = row.slug if words.knows(f"problem.{row.slug}") else "other"
    answer = page(request, "problem.html", row.status, kind=kind)
    answer.headers.update(problem_headers(refusal))
    return answer


def on_refused(request: AnyRequest, error: Refused) -> Response[bytes]:
    return problem_page(request, error.refusal)


def on_store_unavailable(request: AnyRequest, _: StoreUnavailable) -> Response[bytes]:
    return problem_page(request, StoreAway())


def on_odd_address(request: AnyRequest, _: HTTPException) -> Response[bytes]:
    return problem_page(request, NoSuchPage())


IN_WORDS: Final[ExceptionHandlersMap] = {
    Refused: on_refused,
    StoreUnavailable: on_store_unavailable,
    HTTPException: on_odd_address,
}
"""For routes that answer people: what goes wrong is a page too."""
