"""An independent answer to "would that have fitted?", by brute force over a board.

It shares nothing with the seat functions: it walks the plan's runs seat by seat. The no-single-seat rule
needs no word here: a seat left alone counts only if the same number could be had in that run without
leaving one, so whenever a block is long enough, some choice in it is allowed.
"""

from usher.rush_facts import Hall

FREE = ord(".")


def longest_block(hall: Hall, board: bytes, category: str | None) -> int:
    """Longest line of free neighbours of one category (of any single category when None)."""
    longest = 0
    for run in hall.runs:
        length, last = 0, ""
        for index in run:
            zone = hall.categories[index]
            wanted = board[index] == FREE and category in (None, zone)
            length = (length + 1 if zone == last else 1) if wanted else 0
            last = zone
            longest = max(longest, length)
    return longest


def free_seats(hall: Hall, board: bytes, category: str | None) -> int:
    """Free seats of one category; of the fullest single one when None."""
    free: dict[str, int] = {}
    for index, state in enumerate(board):
        if state == FREE:
            zone = hall.categories[index]
            free[zone] = free.get(zone, 0) + 1
    return free.get(category, 0) if category is not None else max(free.values(), default=0)


def fits(hall: Hall, board: bytes, category: str | None, count: int, *, split: bool) -> bool:
    """True when `count` seats could have been given, side by side or, with `split`, anywhere."""
    if split:
        return free_seats(hall, board, category) >= count
    return longest_block(hall, board, category) >= count
