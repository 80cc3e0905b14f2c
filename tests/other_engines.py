"""The engines besides Valkey: the oldest Redis that is promised, and a cluster; each file has its own."""

from collections.abc import Iterator

import pytest

from tests.cluster import Cluster, running_cluster
from tests.server import REDIS_7, Server


@pytest.fixture(scope="module")
def redis_7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if REDIS_7 is None:
        pytest.skip("no redis-server on this machine")
    server = Server(tmp_path_factory.mktemp("redis"), REDIS_7).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started
