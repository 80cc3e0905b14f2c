"""The plain truth about free blocks, by looking at every seat: what the fast allocator is checked against."""

from collections.abc import Collection

from allocator.plan import Plan


def largest_block(plan: Plan, free: Collection[int], category: str) -> int:
    """Seats in the longest unbroken block of free seats of `category`; 0 if none is free.

    `free` holds indices in plan order (a set, so that asking is cheap); whoever asks leaves out what is
    blocked, wheelchair places among it. A run's end, a seat that is not free and one of another category end
    a block.
    """
    longest, index = 0, 0
    for row in plan.rows:
        for run in row.runs:
            block = 0
            for seat in run:
                block = block + 1 if index in free and seat.category == category else 0
                longest = max(longest, block)
                index += 1
    return longest
