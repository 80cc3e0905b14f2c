"""The HTTP doors as a user of Locust sees them: every answer is a row of the report, under what it said.

Locust makes the standard library cooperative when it is imported: `time.sleep` lets the other users run.
"""

import os
import time
from typing import Any, Final

import msgspec
from locust import FastHttpUser

from loadtests.load import STOREFRONT_KEY, Load, current
from usher.rush_door import Answer, answer_of

TRIES_MAX: Final = 6
PAUSE_S: Final = 1.0
PAUSE_S_MAX: Final = 5.0
TIMEOUT_S: Final = 20.0
NOT_NOW: Final = frozenset({"too-many", "overloaded", "in-progress", "store-unavailable", "sale-paused"})
PROBLEM: Final = "application/problem+json"


class Caller(FastHttpUser):
    """One client with a connection of its own; `load` says what it takes part in."""

    abstract = True
    concurrency = 1
    connection_timeout = TIMEOUT_S
    network_timeout = TIMEOUT_S
    load: Load

    def __init__(self, environment: Any) -> None:
        self.load = current()
        self.host = self.load.url
        self.storefront_key = os.environ[STOREFRONT_KEY]
        super().__init__(environment)

    def ask(
        self,
        name: str,
        method: str,
        path: str,
        *,
        bearer: str = "",
        body: Any = None,
        key: str = "",
        fine: frozenset[str] = frozenset(),
    ) -> Answer:
        """The answer, asked for again as told; problems not `fine` and not "too many" count as failures."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if key:
            headers["Idempotency-Key"] = key
        for _ in range(TRIES_MAX):
            answer, pause_s = self._once(name, method, path, headers, body, fine)
            if answer.slug not in NOT_NOW and answer.status:
                break
            time.sleep(pause_s)
        return answer

    def must_be_refused(
        self, name: str, method: str, path: str, *, bearer: str = "", body: Any = None
    ) -> Answer:
        """One request that nobody may grant: anything but a 4xx problem counts as a failure."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with self._send(name, method, path, headers, body) as response:
            answer = answer_of(response.status_code, response.content or b"")
            kind = (response.headers or {}).get("content-type", "")
            if 400 <= answer.status < 500 and kind.startswith(PROBLEM):
                response.request_meta["name"] = f"{name}: {answer.slug}"
                response.success()
            else:
                response.failure(f"{answer.status} {answer.slug or kind} instead of a refusal")
        return answer

    def _once(
        self, name: str, method: str, path: str, headers: dict[str, str], body: Any, fine: frozenset[str]
    ) -> tuple[Answer, float]:
        with self._send(name, method, path, headers, body) as response:
            answer = answer_of(response.status_code, response.content or b"")
            told = (response.headers or {}).get("retry-after", "")
            if answer.slug:
                response.request_meta["name"] = f"{name}: {answer.slug}"
            if answer.slug in fine or answer.slug in ("too-many", "overloaded", "in-progress"):
                response.success()
            elif not 200 <= answer.status < 300:
                response.failure(f"{answer.status} {answer.slug or 'no answer'}")
        return answer, min(float(told) if told.isdigit() else PAUSE_S, PAUSE_S_MAX)

    def _send(self, name: str, method: str, path: str, headers: dict[str, str], body: Any) -> Any:
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        content = None if body is None else msgspec.json.encode(body).decode()
        return self.client.request(
            method, path, name=name, data=content, headers=headers, catch_response=True
        )

    def note(self, name: str, took_ms: float, why_not: str = "") -> None:
        """A row of the report that is no request: what a fan got out of many."""
        self.environment.events.request.fire(
            request_type="FAN",
            name=name,
            response_time=took_ms,
            response_length=0,
            exception=AssertionError(why_not) if why_not else None,
            context={},
        )
