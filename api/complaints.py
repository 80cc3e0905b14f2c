"""What a caller sent amiss, in words: where, and what has to stand there.

A type says what it takes by its description, or lists its values; where it does neither, msgspec names the
rule that was broken.
"""

import re
from functools import lru_cache
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
from litestar.handlers import BaseRouteHandler
from msgspec import inspect

PLACE: Final = re.compile(r" - at (?:`key` in )?`(\$.*)`$")
STEP: Final = re.compile(r"\.(\w+)|\[[^\]]*\]")
LETTERS_MAX: Final = 300
_described: Final = lru_cache(maxsize=128)(inspect.type_info)


def of_body(error: msgspec.DecodeError, kind: Any) -> str:
    """Where a body that should be of this kind fails; `$` is the body itself."""
    found = PLACE.search(str(error))
    where, said = (found[1], str(error)[: found.start()]) if found else ("$", str(error))
    return told(where, needed(_described(kind), where) if found else None, said)


def of_parameter(handler: BaseRouteHandler, key: str, said: str) -> str:
    """What is amiss with a part of the address, by the name that callers know."""
    field = handler.parsed_fn_signature.parameters.get(key)
    if field is None:
        return told(key, None, said)
    wanted = getattr(field.kwarg_definition, "description", None)
    if get_origin(field.annotation) is Literal:
        wanted = one_of(get_args(field.annotation))
    return told(getattr(field.kwarg_definition, "name", None) or key, wanted, said)


def told(where: str, wanted: str | None, said: str) -> str:
    return f"{where} must be {wanted}." if wanted else f"{where}: {said.rstrip('.')[:LETTERS_MAX]}."


def needed(info: inspect.Type, where: str) -> str | None:
    """What the type at this place takes, as far as it says so."""
    for step in STEP.finditer(where):
        inner = inside(bare(info), step[1])
        if inner is None:
            return None
        info = inner
    if isinstance(info, inspect.Metadata):
        return (info.extra_json_schema or {}).get("description")
    info = bare(info)
    return one_of(info.values) if isinstance(info, inspect.LiteralType) else None


def inside(info: inspect.Type, name: str | None) -> inspect.Type | None:
    """The type of a field, or without a name that of what a dict or list holds."""
    match info:
        case inspect.StructType():
            return next((field.type for field in info.fields if field.encode_name == name), None)
        case inspect.DictType():
            return info.value_type
        case inspect.VarTupleType() | inspect.ListType():
            return info.item_type
    return None


def bare(info: inspect.Type) -> inspect.Type:
    """The type without its description, and without the None beside it."""
    match info:
        case inspect.Metadata():
            return bare(info.type)
        case inspect.UnionType():
            return bare(next(one for one in info.types if not isinstance(one, inspect.NoneType)))
    return info


def one_of(values: tuple[Any, ...]) -> str:
    return f"one of {', '.join(sorted(map(str, values)))}"
