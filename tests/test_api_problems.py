"""The table of problems: one row per refusal, every word of the contract, every row reached."""

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from allocator import answers
from allocator.plan import SeatName
from api import refusals
from api.problem_table import ROWS
from api.problems import Refusal, document, headers
from waiting_room import answers as queue

CONTRACT = {
    "unknown-sale": 404, "unknown-showtime": 404, "unknown-hold": 404, "unknown-order": 404, "bad-token": 401,
    "not-allowed": 403, "not-your-turn": 409, "pass-used-up": 409, "sale-not-open": 409, "sale-paused": 409,
    "sale-closed": 410, "seats-taken": 409, "no-such-seats": 422, "no-fit": 409, "sold-out": 409,
    "over-limit": 409,
    "leaves-single": 409, "hold-expired": 410, "already-paid": 409, "wrong-amount": 422, "late-refunded": 409,
    "store-unavailable": 503, "too-many": 429, "bad-request": 400, "too-large": 413, "unsupported-media": 415,
    "idempotency-mismatch": 422, "in-progress": 409, "bad-plan": 422,
    "bad-ticket": 422, "ticket-void": 409, "unknown-ticket": 404, "already-checked-in": 409,
    "unknown-refund": 404,
}  # fmt: skip
FIELDS = {
    "seats": ("C-7", "C-8"), "instead": ("C-1",), "single": "C-9", "left": 2, "largest": 3, "version": 7,
    "reason": "Back soon.", "amount": 9000, "currency": "CNY", "why": "No.", "limit_bytes": 65536,
    "sent": "text/plain",
    "retry_after_s": 3, "what": "prices", "where": "rows[0]", "state": "open",
    "checked_in_at": "2026-12-24T19:10:00Z", "other": "o-1-x", "keys": ("storefront",),
}  # fmt: skip


def filled(kind: type) -> Refusal:
    """A refusal of this kind with a value in every field."""
    names = inspect.signature(kind).parameters
    found: Refusal = kind(**{name: FIELDS[name] for name in names})
    return found


def test_every_refusal_has_exactly_one_row() -> None:
    assert set(get_args(Refusal)) == set(ROWS)


def test_every_refusal_of_the_doors_is_in_the_union() -> None:
    kinds = [kind for _, kind in inspect.getmembers(refusals, inspect.isclass)]
    assert {kind for kind in kinds if kind.__module__ == refusals.__name__} <= set(get_args(Refusal))


def test_every_refusal_of_the_rooms_is_in_the_union() -> None:
    seats = (answers.HoldAnswer, answers.OrderAnswer, answers.ConfirmAnswer)
    places = (queue.JoinAnswer, queue.ClaimAnswer, queue.MoveAnswer)
    good = {answers.Held, answers.Ordered, answers.OrderConfirmed, queue.Joined, queue.Admitted, queue.Moved}
    refused = {kind for union in (*seats, *places) for kind in get_args(union)} - good
    assert refused <= set(get_args(Refusal))


@pytest.mark.parametrize(("word", "status"), CONTRACT.items())
def test_the_words_of_the_contract_have_their_status(word: str, status: int) -> None:
    assert {row.status for row in ROWS.values() if row.slug == word} == {status}


def test_one_slug_has_one_status() -> None:
    assert len({row.slug for row in ROWS.values()}) == len({(row.slug, row.status) for row in ROWS.values()})


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_problem_says_what_and_what_next(kind: type) -> None:
    refusal = filled(kind)
    said = document(refusal)
    assert re.fullmatch(r"/problems/[a-z-]+", said["type"])
    assert said["status"] == ROWS[kind].status
    assert said["title"]
    assert said["detail"]
    assert "{" not in said["detail"]
    assert said["next"]
    assert ("retry-after" in headers(refusal)) or said["status"] not in (429, 503)


def test_the_fields_of_a_refusal_travel() -> None:
    said = document(answers.SeatsTaken((SeatName("C-7"), SeatName("C-8"))))
    assert said["seats"] == ("C-7", "C-8")
    assert said["detail"] == "Not free: C-7, C-8."


@pytest.mark.parametrize("slug", sorted({row.slug for row in ROWS.values()}))
def test_every_problem_is_met_by_a_test_over_http(slug: str) -> None:
    files = [path for path in Path(__file__).parent.glob("test_api_*.py") if path != Path(__file__)]
    assert any(f'"{slug}"' in path.read_text() for path in files)
