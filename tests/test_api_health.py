"""The doors say how they are, and how the engines behind them are, apart."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api_doors import open_doors, settings, slug


@pytest.fixture
async def doors(valkey_url: str, postgres_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with open_doors(settings(valkey_url, postgres_url)) as client:
        yield client


async def test_lives_and_is_ready(doors: httpx.AsyncClient) -> None:
    assert (await doors.get("/health/live")).json() == {"state": "live"}
    answer = await doors.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"state": "ready", "store": "ready", "postgres": "ready"}


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("GET", "/nowhere", "not-found"),
        ("GET", "/v1/nowhere", "not-found"),
        ("POST", "/health/live", "method-not-allowed"),
        ("GET", "/%00", "not-found"),
    ],
)
async def test_unknown_addresses_are_problems(
    doors: httpx.AsyncClient, method: str, path: str, word: str
) -> None:
    assert slug(await doors.request(method, path)) == word


async def test_postgres_away_is_degraded_and_the_doors_open(valkey_url: str) -> None:
    async with open_doors(settings(valkey_url, "postgresql://127.0.0.1:9/nothing")) as doors:
        answer = await doors.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"state": "degraded", "store": "ready", "postgres": "away"}


async def test_store_away_is_unavailable_and_the_doors_open(postgres_url: str) -> None:
    async with open_doors(settings("redis://127.0.0.1:9", postgres_url)) as doors:
        answer = await doors.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["store"] == "away"


async def test_metrics_count_calls_by_template(doors: httpx.AsyncClient) -> None:
    await doors.get("/health/live")
    answer = await doors.get("/metrics")
    assert answer.headers["content-type"].count("charset") == 1
    text = answer.text
    assert 'usher_http_requests_total{method="GET",route="/health/live",status="200",worker="1"} 1.0' in text
