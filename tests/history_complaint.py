"""What the model has against an answer."""

from collections.abc import Sequence

import msgspec

from tests.history_op import Op


class Complaint(msgspec.Struct):
    """What is wrong; `tokens` and `fan` are those whose unknown calls might explain it, `hall`: anybody's."""

    text: str
    tokens: tuple[int, ...] = ()
    fan: int = -1
    hall: bool = False


def same(
    op: Op, word: str, told: Sequence[object], tokens: tuple[int, ...] = (), fan: int = -1, hall: bool = False
) -> Complaint | None:
    """None when the answer is the one expected."""
    if op.word == word and op.told == told:
        return None
    return Complaint(f"expected {word} {told}".replace("[]", "").strip(), tokens, fan, hall)
