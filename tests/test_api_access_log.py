"""One line a request, a little later."""

import json

import pytest
import structlog

from api.access_log import AccessLog
from tests.conftest import WaitUntil


async def test_each_request_has_its_line(capsys: pytest.CaptureFixture[str], wait_until: WaitUntil) -> None:
    lines, said = AccessLog("2"), []
    with structlog.contextvars.bound_contextvars(process="api"):
        lines.note("POST", "/v1/orders", 201, 0.00123)
        lines.note("GET", "unknown", 404, 2.0)

        def written() -> bool:
            said.append(capsys.readouterr().out)
            return bool("".join(said))

        await wait_until(written)
    first, second = (json.loads(line) for line in "".join(said).splitlines())
    assert first.pop("timestamp").endswith("Z")
    told = {"method": "POST", "route": "/v1/orders", "status": 201, "ms": 1.23, "worker": "2"}
    assert first == told | {"event": "request", "process": "api", "level": "info"}
    assert (second["route"], second["status"], second["ms"]) == ("unknown", 404, 2000.0)


async def test_the_end_writes_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    lines = AccessLog("1")
    lines.note("GET", "/health/live", 200, 0.1)
    assert capsys.readouterr().out == ""
    lines.write()
    lines.write()
    assert len(capsys.readouterr().out.splitlines()) == 1
