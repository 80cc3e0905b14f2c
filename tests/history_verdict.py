"""What a check of one shard says."""

import msgspec


class Difference(msgspec.Struct):
    """The first answer that cannot be, why, and what came just before and after it."""

    what: str
    why: str
    before: list[str] = []
    after: list[str] = []

    def __str__(self) -> str:
        lines = [*(f"    {line}" for line in self.before), f"  > {self.what}"]
        return "\n".join([self.why, *lines, *(f"    {line}" for line in self.after)])


class Verdict(msgspec.Struct):
    """`resolved`: calls of unknown outcome whose effect was found."""

    checked: int = 0
    unknown: int = 0
    resolved: int = 0
    difference: Difference | None = None
