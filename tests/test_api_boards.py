"""What one worker remembers of a hall: changes of the last minute, and never more than it was told to."""

import pytest

from api.boards import KEPT_S, Board, Boards
from tests.allocator_stage import Stage, drawn, exact, onsale

LATER_S = KEPT_S + 1


@pytest.mark.parametrize(
    ("seen", "since", "taken"),
    [
        ([(1, b"...", 0), (2, b"h..", 1)], 1, [0]),
        ([(1, b"...", 0), (2, b"h..", 1), (4, b"h.s", 2)], 1, [0, 2]),
        ([(1, b"...", 0), (2, b"h..", 1), (4, b"h.s", 2)], 3, None),  # a version between two reads
        ([(1, b"...", 0), (2, b"h..", 1), (3, b"hh.", LATER_S)], 1, None),
        ([(1, b"...", 0), (2, b"h..", 1), (3, b"hh.", LATER_S)], 2, [1]),
        ([(1, b"...", 0), (1, b"...", LATER_S), (1, b"...", 2 * LATER_S)], 1, []),  # a quiet hall is kept
        ([(n, b"...", 0) for n in range(6)], 0, None),
        ([(n, b"...", 0) for n in range(6)], 2, []),
        ([(7, b"h..", 0), (3, b"...", 1)], 7, None),  # a store set back
    ],
)
def test_changes_since_a_version(
    seen: list[tuple[int, bytes, float]], since: int, taken: list[int] | None
) -> None:
    board = Board(versions_max=4)
    for version, seats, at_s in seen:
        board.see(version, seats, at_s)
    changes = board.since(since)
    assert (None if changes is None else changes.taken) == taken


async def test_who_only_counts_makes_no_board_be_kept(valkey_url: str) -> None:
    stage = await Stage.at(valkey_url)
    show = await stage.load(onsale(drawn("aaaa")))
    for_ever, never = (Boards(stage.allocator, poll_ms=ms, versions_max=4) for ms in (60_000, 0))
    assert await for_ever.free(show) == 4
    assert for_ever.fresh(show) is None
    kept = [await boards.board(show) for boards in (for_ever, never)]
    read_at_s = kept[1].read_at_s
    await stage.held(show, exact("A-1", "A-2"))
    # What is fresh is counted as it was read; what is not is read again, and kept as it was.
    assert [await boards.free(show) for boards in (for_ever, never)] == [4, 2]
    assert kept[1].read_at_s == read_at_s
    await stage.store.close()
