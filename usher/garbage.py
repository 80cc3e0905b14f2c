"""How Python's search for circles of objects is kept from costing more than it finds."""

import gc
from typing import Final

GARBAGE_MIN: Final = 20_000
"""Objects made and not yet freed before the next collection."""


def collect_seldom() -> None:
    """For processes that leave no circles behind, while a collection looks at everything that waits."""
    gc.set_threshold(GARBAGE_MIN, 20, 50)
