"""A plan file as it arrives: decoded JSON in which every value knows its own path.

The readers of the formats ask a `Node` for what they expect; a value that is something else raises `BadPlan`
with the path of the fault, such as `subChart.rows[2].seats[5].label`.
"""

import re
from collections.abc import Iterator

import msgspec

from allocator.plan import BadPlan

PLAN_BYTES_MAX = 8 * 1024 * 1024
SEATS_MAX = 60_000
ROWS_MAX = 6_000
SECTIONS_MAX = 1_000
CATEGORIES_MAX = 100
LABEL_CHARS_MAX = 60
COORDINATE_UNITS_MAX = 1_000_000.0

COLOR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
GREY = "#888888"


class Node(msgspec.Struct, frozen=True):
    """One JSON value and where it stands. The path is spelt only when a fault needs it."""

    value: object
    parent: "Node | None" = None
    step: str | int = ""

    @property
    def path(self) -> str:
        """`$` for the file itself, else keys and indexes from the top."""
        steps: list[str] = []
        node = self
        while node.parent is not None:
            steps.append(f"[{node.step}]" if isinstance(node.step, int) else f".{node.step}")
            node = node.parent
        return "".join(reversed(steps)).removeprefix(".") or "$"

    def bad(self, why: str) -> BadPlan:
        return BadPlan(self.path, why)

    def expected(self, what: str) -> BadPlan:
        missing = ", but the value is missing" if self.value is None else ""
        return self.bad(f"{what} is expected here{missing}.")

    def at(self, key: str) -> "Node":
        """The value under `key`; an absent key reads as null."""
        return Node(self.fields().get(key), self, key)

    def fields(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise self.expected("An object")
        return self.value

    def only(self, *known: str) -> None:
        """Refuse keys that the format does not have: a misspelt one would be lost silently."""
        for key in self.fields():
            if key not in known:
                unknown = Node(True, self, key)
                raise unknown.bad(f"The format has no such field here, only {', '.join(known)}.")

    def items(self, limit: int, unit: str) -> "Iterator[Node]":
        """The elements of an array of at most `limit`; null reads as an empty array."""
        if self.value is None:
            return iter(())
        if not isinstance(self.value, list):
            raise self.expected("A list")
        if len(self.value) > limit:
            raise self.bad(f"There are {len(self.value)} {unit} here; at most {limit} are possible.")
        return (Node(value, self, index) for index, value in enumerate(self.value))

    def label(self) -> str:
        """Printable words of 1 to LABEL_CHARS_MAX characters, without spaces around them."""
        if not isinstance(self.value, str):
            raise self.expected("A text")
        words = self.value.strip()
        if not words:
            raise self.bad("This label is empty.")
        if len(words) > LABEL_CHARS_MAX:
            raise self.bad(f"This label has {len(words)} characters; at most {LABEL_CHARS_MAX} are possible.")
        if not words.isprintable():
            raise self.bad("This label holds a character that cannot be printed.")
        return words

    def label_or(self, otherwise: str) -> str:
        """The label, or `otherwise` where the file leaves it null or empty."""
        return otherwise if self.value is None or self.value == "" else self.label()

    def number(self) -> float:
        """A coordinate within COORDINATE_UNITS_MAX of the origin."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.expected("A number")
        if not abs(self.value) <= COORDINATE_UNITS_MAX:
            raise self.bad(f"This coordinate lies beyond {COORDINATE_UNITS_MAX:.0f} units of the origin.")
        return float(self.value)

    def flag(self, otherwise: bool = False) -> bool:
        if self.value is None:
            return otherwise
        if not isinstance(self.value, bool):
            raise self.expected("True or false")
        return self.value

    def color(self) -> str:
        """`#rgb` or `#rrggbb`; anything else is grey, because pages write it into their style sheets."""
        fits = isinstance(self.value, str) and COLOR.fullmatch(self.value)
        return str(self.value) if fits else GREY


def decode(data: bytes) -> Node:
    """The file's top value, which must be a JSON object in UTF-8 of at most PLAN_BYTES_MAX."""
    if len(data) > PLAN_BYTES_MAX:
        raise BadPlan("$", f"The file has {len(data)} bytes; at most {PLAN_BYTES_MAX} are possible.")
    try:
        root = Node(msgspec.json.decode(data.decode("utf-8-sig")))
    except UnicodeDecodeError as fault:
        raise BadPlan("$", f"The file is not UTF-8: byte {fault.start} is out of place.") from fault
    except RecursionError as fault:
        raise BadPlan("$", "The file is nested too deeply to be a seat plan.") from fault
    except msgspec.MsgspecError as fault:
        raise BadPlan("$", f"The file is not JSON: {fault}.") from fault
    root.fields()
    return root
