"""What pages say before any script runs, in every language of the house; scripts have words of their own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from api.word_table import WORDS

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
NO_MINOR_UNIT: Final = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF"})
THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def speaker(language: Language) -> Callable[[str], str]:
    """`t(key)` of a template; an unknown key is a fault of ours and raises."""
    index = LANGUAGES.index(language)
    return lambda key: WORDS[key][index]


def knows(key: str) -> bool:
    return key in WORDS


def choose(asked: Sequence[str | None], accepted: str) -> Language:
    """The first language asked for that we speak, else the browser's best, else English."""
    for wish in (*asked, *preferred(accepted)):
        for language in LANGUAGES:
            if wish is not None and wish.lower().partition("-")[0] == language:
                return language
    return "en"


def preferred(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, the best first; unreadable weights count as 0."""
    weighed: list[tuple[float, str]] = []
    for item in accepted[:400].split(","):
        name, _, weight = item.strip().partition(";q=")
        try:
            weighed.append((float(weight) if weight else 1.0, name))
        except ValueError:
            weighed.append((0.0, name))
    return [name for weight, name in sorted(weighed, key=lambda each: -each[0]) if weight > 0]


def plain_money(amount: int, currency: str) -> str:
    """`69.00 CNY`: read until a script writes it as the language does."""
    digits = 0 if currency in NO_MINOR_UNIT else 3 if currency in THOUSANDTHS else 2
    return f"{amount / 10**digits:.{digits}f} {currency}"


def local_time(at_ms: int, zone: str) -> str:
    """The time on the wall of the place."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
