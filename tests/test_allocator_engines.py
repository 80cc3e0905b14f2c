"""The seat functions on the oldest engine promised and on a cluster."""

import pytest

from allocator.answers import AlreadyPaid, LeavesSingle, NoFit, OrderConfirmed, OverLimit, SeatsTaken
from allocator.standing import Reclaim
from tests.allocator_stage import SALE, Stage, best, drawn, exact, onsale


@pytest.mark.parametrize("engine", ["redis_7", "cluster"])
async def test_a_life_of_seats(engine: str, request: pytest.FixtureRequest) -> None:
    stage = await Stage.at(request.getfixturevalue(engine).url)
    try:
        show = await stage.load(onsale(drawn("aaaaaaa", "bbb")))
        assert isinstance(await stage.hold(show, exact("A-2")), LeavesSingle)
        order = await stage.sold(show, exact("A-1", "A-2"), fan="one")
        assert isinstance(await stage.pay(show, order, "r2"), AlreadyPaid)
        assert isinstance(await stage.pay(show, order), OrderConfirmed)
        held = await stage.held(show, best(4), fan="two")
        assert isinstance(await stage.hold(show, best(1), fan="two"), OverLimit)
        assert isinstance(await stage.hold(show, exact("A-3"), fan="three"), SeatsTaken)
        assert await stage.hold(show, best(2), fan="three") == NoFit(1, 4)
        await stage.allocator.release(show, held.token)
        stage.ticks.ms += SALE.pay_ms
        await stage.ordered(show, best(3, "b"), fan="four")
        assert await stage.allocator.reclaim(show) == Reclaim((0, 1), (7, 8, 9), (2, 3, 4, 5, 6))
    finally:
        await stage.store.close()
