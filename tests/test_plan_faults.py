"""Bad plans are refused with the path of the fault: one table for each format, the expected path last."""

import copy
import json
from typing import Any

import pytest

from allocator.importing import PlanFormat, read_plan
from allocator.plan import BadPlan
from allocator.plan_file import CATEGORIES_MAX, PLAN_BYTES_MAX, ROWS_MAX, SEATS_MAX

Keys = tuple[str | int, ...]
DROP = object()
MANY_SEATS = [{"label": str(n), "x": n, "y": 0, "category": "s"} for n in range(SEATS_MAX + 1)]

USHER: dict[str, Any] = {
    "name": "Hall",
    "categories": [{"key": "s", "label": "Standard"}, {"key": "p", "label": "Premium"}],
    "rows": [
        {"label": "A", "runs": [[{"label": "1", "x": 0, "y": 0, "category": "s"}]]},
        {
            "label": "B",
            "runs": [
                [
                    {"label": "1", "x": 0, "y": 1, "category": "s"},
                    {"label": "2", "x": 1, "y": 1, "category": "p"},
                ]
            ],
        },
    ],
    "focal": {"x": 0, "y": 1},
}
PRETIX: dict[str, Any] = {
    "name": "Hall",
    "categories": [{"name": "Stalls", "color": "#123456"}],
    "size": {"width": 100, "height": 100},
    "zones": [
        {
            "name": "Ground floor",
            "position": {"x": 0, "y": 0},
            "rows": [
                {
                    "row_number": "1",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": f"g{n}",
                            "seat_number": str(n),
                            "category": "Stalls",
                            "position": {"x": 20 * n, "y": 0},
                        }
                        for n in range(4)
                    ],
                }
            ],
            "areas": [],
        }
    ],
}
SEATSIO: dict[str, Any] = {
    "name": "Chart",
    "categories": {"list": [{"key": 1, "label": "One"}, {"key": "two", "label": "Two"}]},
    "subChart": {
        "rows": [
            {
                "label": "A",
                "seats": [{"label": str(n), "x": 20 * n, "y": 0, "categoryKey": 1} for n in range(3)],
            }
        ],
        "sections": [
            {
                "label": "Balcony",
                "topLeft": {"x": 0, "y": 100},
                "categoryKey": "two",
                "subChart": {
                    "rows": [
                        {"label": "A", "seats": [{"label": str(n), "x": 20 * n, "y": 0} for n in range(3)]}
                    ]
                },
            }
        ],
        "generalAdmissionAreas": [],
    },
}

USHER_FAULTS: list[tuple[Keys, Any, str]] = [
    (("name",), DROP, "name"),
    (("name",), " ", "name"),
    (("colour",), "blue", "colour"),
    (("categories",), {}, "categories"),
    (("categories", 1, "key"), "s", "categories[1].key"),
    (("categories",), [{"key": str(n)} for n in range(CATEGORIES_MAX + 1)], "categories"),
    (("rows",), DROP, "rows"),
    (("rows",), [], "rows"),
    (("rows",), [USHER["rows"][0]] * (ROWS_MAX + 1), "rows"),
    (("rows", 0), None, "rows[0]"),
    (("rows", 0, "label"), "", "rows[0].label"),
    (("rows", 0, "label"), "A\x00", "rows[0].label"),
    (("rows", 0, "section"), 7, "rows[0].section"),
    (("rows", 0, "runs"), [], "rows[0].runs"),
    (("rows", 0, "runs"), [[]], "rows[0].runs[0]"),
    (("rows", 0, "runs", 0), MANY_SEATS, "rows[0].runs[0]"),
    (("rows", 0, "runs"), [MANY_SEATS[: SEATS_MAX - 1], MANY_SEATS[SEATS_MAX - 1 :]], "rows"),
    (("rows", 1, "label"), "A", "rows[1].runs[0][0].label"),
    (("rows", 1, "runs", 0, 1, "label"), "1", "rows[1].runs[0][1].label"),
    (("rows", 1, "runs", 0, 1, "label"), "\u200b", "rows[1].runs[0][1].label"),
    (("rows", 1, "runs", 0, 1, "label"), "9" * 61, "rows[1].runs[0][1].label"),
    (("rows", 1, "runs", 0, 1, "label"), 2, "rows[1].runs[0][1].label"),
    (("rows", 1, "runs", 0, 1, "x"), "1", "rows[1].runs[0][1].x"),
    (("rows", 1, "runs", 0, 1, "x"), True, "rows[1].runs[0][1].x"),
    (("rows", 1, "runs", 0, 1, "y"), DROP, "rows[1].runs[0][1].y"),
    (("rows", 1, "runs", 0, 1, "y"), -1e7, "rows[1].runs[0][1].y"),
    (("rows", 1, "runs", 0, 1, "y"), 10**400, "rows[1].runs[0][1].y"),
    (("rows", 1, "runs", 0, 1, "category"), "x", "rows[1].runs[0][1].category"),
    (("rows", 1, "runs", 0, 1, "accessible"), 1, "rows[1].runs[0][1].accessible"),
    (("rows", 1, "runs", 0, 1, "colour"), "red", "rows[1].runs[0][1].colour"),
    (("focal", "y"), DROP, "focal.y"),
]
PRETIX_FAULTS: list[tuple[Keys, Any, str]] = [
    (("name",), 3, "name"),
    (("categories", 0, "name"), DROP, "categories[0].name"),
    (("categories",), [{"name": "Stalls"}] * 2, "categories[1].name"),
    (("zones",), DROP, "zones"),
    (("zones", 0, "rows"), [], "zones"),
    (("zones", 0, "rows"), "A", "zones[0].rows"),
    (("zones", 0, "position"), DROP, "zones[0].position"),
    (("zones", 0, "areas"), {}, "zones[0].areas"),
    (("zones", 0, "rows", 0, "row_number"), "", "zones[0].rows[0].row_number"),
    (("zones", 0, "rows", 0, "position", "x"), None, "zones[0].rows[0].position.x"),
    (("zones", 0, "rows", 0, "seats", 2, "seat_guid"), "g0", "zones[0].rows[0].seats[2].seat_guid"),
    (("zones", 0, "rows", 0, "seats", 2, "seat_number"), "0", "zones[0].rows[0].seats[2].seat_number"),
    (("zones", 0, "rows", 0, "seats", 2, "category"), "Box", "zones[0].rows[0].seats[2].category"),
    (("zones", 0, "rows", 0, "seats", 2, "position", "y"), "0", "zones[0].rows[0].seats[2].position.y"),
    (("zones", 0, "rows", 0, "seats", 2, "position", "x"), 20, "zones[0].rows[0].seats[2].seat_number"),
]
SEATSIO_FAULTS: list[tuple[Keys, Any, str]] = [
    (("name",), DROP, "name"),
    (("categories",), DROP, "categories"),
    (("categories", "list", 1, "key"), "1", "categories.list[1].key"),
    (("categories", "list", 1, "key"), 1.5, "categories.list[1].key"),
    (("categories", "list", 1, "key"), 10**400, "categories.list[1].key"),
    (("subChart",), [], "subChart"),
    (("subChart",), {}, "subChart.rows"),
    (("subChart", "rows", 0, "label"), None, "subChart.rows[0].label"),
    (("subChart", "rows", 0, "chairSpacing"), "4", "subChart.rows[0].chairSpacing"),
    (("subChart", "rows", 0, "seats", 2, "label"), "1", "subChart.rows[0].seats[2].label"),
    (("subChart", "rows", 0, "seats", 2, "categoryKey"), 3, "subChart.rows[0].seats[2].categoryKey"),
    (("subChart", "rows", 0, "seats", 2, "categoryKey"), DROP, "subChart.rows[0].seats[2].categoryKey"),
    (("subChart", "rows", 0, "seats", 2, "published"), "no", "subChart.rows[0].seats[2].published"),
    (("subChart", "sections", 0, "label"), "", "subChart.sections[0].label"),
    (("subChart", "sections", 0, "topLeft"), DROP, "subChart.sections[0].topLeft"),
    (("subChart", "sections", 0, "categoryKey"), 9, "subChart.sections[0].categoryKey"),
    (
        ("subChart", "sections", 0, "subChart", "rows", 0, "seats", 1, "label"),
        "2",
        "subChart.sections[0].subChart.rows[0].seats[2].label",
    ),
    (("subChart", "generalAdmissionAreas"), [7], "subChart.generalAdmissionAreas[0]"),
    (("subChart", "focalPoint"), {"x": 1}, "subChart.focalPoint.y"),
]
FILE_FAULTS: list[tuple[bytes, str]] = [
    (b"", "$"),
    (b"not json", "$"),
    (b"[]", "$"),
    (b'{"name": "\xff"}', "$"),
    (b'{"name": "\\ud800"}', "$"),
    (b'{"name": NaN}', "$"),
    (b'{"name": 1e999}', "$"),
    (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "$"),
    (b" " * (PLAN_BYTES_MAX + 1), "$"),
]


def changed(document: dict[str, Any], keys: Keys, value: Any) -> bytes:
    """The document as JSON with one value put in another's place, or dropped."""
    document = copy.deepcopy(document)
    inner: Any = document
    for key in keys[:-1]:
        inner = inner[key]
    if value is DROP:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = value
    return json.dumps(document).encode()


def fault(data: bytes, format: PlanFormat) -> BadPlan:
    with pytest.raises(BadPlan) as refused:
        read_plan(data, format)
    return refused.value


def check(document: dict[str, Any], format: PlanFormat, keys: Keys, value: Any, where: str) -> None:
    bad = fault(changed(document, keys, value), format)
    assert bad.where == where
    assert bad.why[0].isupper()
    assert bad.why.endswith(".")


@pytest.mark.parametrize(("format", "document"), [("usher", USHER), ("pretix", PRETIX), ("seatsio", SEATSIO)])
def test_the_unchanged_plan_is_good(format: PlanFormat, document: dict[str, Any]) -> None:
    assert read_plan(json.dumps(document).encode(), format).left_out == ()


@pytest.mark.parametrize(("keys", "value", "where"), USHER_FAULTS)
def test_usher_faults(keys: Keys, value: Any, where: str) -> None:
    check(USHER, "usher", keys, value, where)


@pytest.mark.parametrize(("keys", "value", "where"), PRETIX_FAULTS)
def test_pretix_faults(keys: Keys, value: Any, where: str) -> None:
    check(PRETIX, "pretix", keys, value, where)


@pytest.mark.parametrize(("keys", "value", "where"), SEATSIO_FAULTS)
def test_seatsio_faults(keys: Keys, value: Any, where: str) -> None:
    check(SEATSIO, "seatsio", keys, value, where)


@pytest.mark.parametrize("format", ["usher", "pretix", "seatsio"])
@pytest.mark.parametrize(("data", "where"), FILE_FAULTS, ids=range(len(FILE_FAULTS)))
def test_file_faults(format: PlanFormat, data: bytes, where: str) -> None:
    assert fault(data, format).where == where


def test_two_seats_of_one_name_name_each_other() -> None:
    bad = fault(changed(USHER, ("rows", 1, "label"), "A"), "usher")
    assert bad.why == "Two seats are called A-1; the other is at rows[0].runs[0][0].label."
