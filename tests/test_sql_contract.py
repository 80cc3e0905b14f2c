"""Every SQL block has its typed function, and Postgres agrees with the function's annotations."""

import importlib
import inspect
import types
from collections.abc import Callable
from datetime import date
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ledger.pool import Pool
from ledger.queries import Query, queries

QUERIES: Final = list(queries())
PYTHON_OF: Final = {
    "int2": "int",
    "int4": "int",
    "int8": "int",
    "text": "str",
    "bool": "bool",
    "bytea": "bytes",
    "date": "date",
    "jsonb": "object",
    "text[]": "list of str",
    "int4[]": "list of int",
    "int8[]": "list of int",
}
"""Type of Postgres -> the word for what a function must say."""
WORDS: Final = {int: "int", str: "str", bool: "bool", bytes: "bytes", date: "date"}


def function_of(query: Query) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(f"ledger.{query.file}"), query.name)
    return found


def word_of(annotation: Any) -> str:
    """The word for an annotation, without its optionality."""
    if isinstance(annotation, types.UnionType) or get_origin(annotation) is Union:
        words = {word_of(one) for one in get_args(annotation) if one is not type(None)}
        assert len(words) == 1, f"{annotation} is several things"
        return words.pop()
    if get_origin(annotation) is Literal:
        return word_of(type(get_args(annotation)[0]))
    if get_origin(annotation) in (list, tuple):
        return f"list of {word_of(get_args(annotation)[0])}"
    if get_origin(annotation) is dict or (
        isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    ):
        return "object"
    supertype = getattr(annotation, "__supertype__", None)
    return word_of(supertype) if supertype else WORDS[annotation]


def row_of(annotation: Any) -> Any:
    """The type of one row: `list[X]` and `X | None` give X."""
    if get_origin(annotation) is list:
        return get_args(annotation)[0]
    if isinstance(annotation, types.UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation


def row_columns(function: Callable[..., Any], stated: dict[str, type]) -> dict[str, str] | str:
    """The columns that a function expects, or the word of its only one."""
    row = stated.get(function.__name__) or row_of(get_type_hints(function)["return"])
    is_row = isinstance(row, type) and issubclass(row, msgspec.Struct) and row.__name__ != "Plan"
    return {name: word_of(kind) for name, kind in get_type_hints(row).items()} if is_row else word_of(row)


def test_names_are_unique_and_every_block_says_what_it_is_for() -> None:
    assert len({query.name for query in QUERIES}) == len(QUERIES) > 30
    for query in QUERIES:
        assert query.sentence.endswith("."), query.name
        assert query.sql.rstrip().endswith(";"), query.name


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
async def test_postgres_agrees_with_the_function(pool: Pool, query: Query) -> None:
    function = function_of(query)
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    assert names[0] == "db"
    async with pool.acquire() as db:
        prepared = await db.prepare(query.sql)
        given = [PYTHON_OF[kind.name] for kind in prepared.get_parameters()]
        columns = {column.name: column.type.name for column in prepared.get_attributes()}
    assert given == [word_of(hints[name]) for name in names[1:]]
    answered = {name: PYTHON_OF[kind] for name, kind in columns.items() if kind != "void"}
    if hints["return"] is type(None):
        assert answered == {}
        return
    # Two functions put a row into another shape before they hand it on.
    from ledger.definitions import ShowtimeRow

    expected = row_columns(function, {"find_showtime": ShowtimeRow, "all_showtimes": ShowtimeRow})
    assert (list(answered.values()) == [expected]) if isinstance(expected, str) else answered == expected
