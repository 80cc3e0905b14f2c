"""Waits for a fact without an event loop."""

import time
from collections.abc import Callable


def soon(fact: Callable[[], bool], timeout_s: float = 5) -> bool:
    """True as soon as the fact is, False if it is not within the time-out."""
    until = time.monotonic() + timeout_s
    while not fact():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
