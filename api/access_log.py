"""One line a request, as structlog would write it, rendered and written a tenth of a second at a time.

A line by itself costs about 30 us, more than all that a hold asks of this process besides. A worker that is
killed takes its last tenth of a second of lines with it; whoever needs certainty reads the ledger.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog

EVERY_S: Final = 0.1
WAITING_MAX: Final = 4096
"""Lines kept for the next write; the first beyond them writes them all at once."""
log = structlog.get_logger("usher.api")
_encode: Final = msgspec.json.Encoder().encode


class AccessLog:
    """Lines of this process's requests. `worker` tells them from its siblings'."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._waiting: list[tuple[float, str, str, int, float]] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request that was just answered."""
        self._waiting.append((time.time(), method, route, status, seconds))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self.write)
        elif len(self._waiting) >= WAITING_MAX:
            self.write()

    def write(self) -> None:
        """Write what waits; also at the end of the process."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        noted, self._waiting = self._waiting, []
        if noted and log.is_enabled_for(logging.INFO):
            bound = structlog.contextvars.get_contextvars()
            lines = [_encode(self._line(*each, bound)).decode() for each in noted]
            structlog.PrintLogger().msg("\n".join(lines))

    def _line(
        self, at_s: float, method: str, route: str, status: int, seconds: float, bound: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "worker": self._worker,
            "event": "request",
            **bound,
            "level": "info",
            "timestamp": datetime.fromtimestamp(at_s, UTC),
        }
