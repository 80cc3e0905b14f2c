"""The seat functions on the oldest engine promised and on a cluster."""

from collections.abc import Iterator

import pytest

from allocator.answers import AlreadyPaid, LeavesSingle, NoFit, OrderConfirmed, OverLimit, SeatsTaken
from allocator.standing import Reclaim
from tests.allocator_stage import SALE, Stage, best, drawn, exact, onsale
from tests.cluster import running_cluster
from tests.server import REDIS_7, Server


@pytest.fixture(scope="module")
def redis_7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if REDIS_7 is None:
        pytest.skip("no redis-server on this machine")
    server = Server(tmp_path_factory.mktemp("redis"), REDIS_7).start()
    yield server.url
    server.kill()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started.url


@pytest.mark.parametrize("engine", ["redis_7", "cluster"])
async def test_a_life_of_seats(engine: str, request: pytest.FixtureRequest) -> None:
    stage = await Stage.at(request.getfixturevalue(engine))
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
