"""One load test: where it goes, how large it is, how long it lasts. All processes read the same."""

import os
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

ShapeName = Literal["spike", "presale", "storm"]
USERS: Final = 200
USERS_MAX: Final = 5_000
RUN_S: Final = 60
RUN_S_MAX: Final = 900
WORKERS_MAX: Final = 16
SHOWTIMES: Final = 4
SHOWTIMES_MAX: Final = 100
STARTS_IN_S: Final = 4.0
"""What Locust needs from the delegated sale to its first user."""
CALM_SHARE: Final = 0.25
"""Of a storm's users, the share who are fans; of a spike's run, the share before the open."""
LOAD: Final = "USHER_LOAD"
STOREFRONT_KEY: Final = "USHER_STOREFRONT_KEY"


class Load(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`opens_at_s`: seconds since 1970, on this machine's clock."""

    url: str
    sale: str
    hold_s: int
    pay_s: int
    seats_per_fan: int
    opens_at_s: float
    shape: ShapeName
    users: int
    run_s: int
    seed: int

    def environment(self, storefront_key: str) -> dict[str, str]:
        """What the processes of Locust are told; the key is on no command line, for others to read."""
        return {LOAD: msgspec.json.encode(self).decode(), STOREFRONT_KEY: storefront_key}


def load_of(environment: Mapping[str, str]) -> Load:
    """The load that `python -m loadtests` wrote; raises KeyError when Locust was started without it."""
    return msgspec.json.decode(environment[LOAD], type=Load)


def calm_fans(users: int) -> int:
    return max(1, int(users * CALM_SHARE))


def current() -> Load:
    return load_of(os.environ)
