"""What an error of the store says about the call that met it."""

import enum
from typing import Final

from redis.exceptions import (
    ClusterError,
    ConnectionError,
    MaxConnectionsError,
    RedisClusterException,
    TimeoutError,
)

CODES: Final = frozenset(
    {"LOADING", "BUSY", "OOM", "READONLY", "MISCONF", "NOREPLICAS", "NOAUTH", "WRONGPASS", "NOPERM"}
    | {"CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "MOVED", "ASK"}
)
"""Error codes with which a server turns a function away without having run a line of it."""
NOTHING_SENT: Final = (MaxConnectionsError, ClusterError, RedisClusterException)
CONNECTION_LOST: Final = (ConnectionError, TimeoutError, OSError)


class Refusal(enum.Enum):
    BEFORE_THE_RUN = "nothing ran"
    NO_LIBRARY = "the function is not loaded, so nothing ran"
    UNKNOWN_OUTCOME = "the connection was lost or too slow: it may have run"


def refusal_of(error: Exception) -> Refusal | None:
    """None when the function itself failed: a fault of the code, to be seen and not hidden as a 503."""
    code = getattr(error, "status_code", None) or str(error).split(" ", 1)[0]
    if code == "NOSCRIPT" or "function not found" in str(error).lower():
        return Refusal.NO_LIBRARY
    if code in CODES or isinstance(error, NOTHING_SENT):
        return Refusal.BEFORE_THE_RUN
    return Refusal.UNKNOWN_OUTCOME if isinstance(error, CONNECTION_LOST) else None
