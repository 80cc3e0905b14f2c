"""What the `type` of a problem leads to: its row in words."""

import msgspec
from litestar import get

from api.problem_table import ROWS
from api.problems import Refused
from api.refusals import NoSuchPage
from api.requests import PathId


class Explained(msgspec.Struct, frozen=True):
    """A problem, apart from any one time it was met."""

    slug: str
    status: int
    title: str
    next: str


@get("/problems/{slug:str}", operation_id="explainProblem", tags=["problems"], sync_to_thread=False)
def explain(slug: PathId) -> Explained:
    """What a problem means and what to do."""
    for row in ROWS.values():
        if row.slug == slug:
            return Explained(row.slug, row.status, row.title, row.next)
    raise Refused(NoSuchPage())
