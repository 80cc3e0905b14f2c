"""The HTTP doors as a patient client sees them: the same request again until it is answered."""

import asyncio
import random
import time
from typing import Any, Final

import msgspec

from usher.rush_tape import Tape
from usher.rush_wire import NoReply, Wires

PATIENCE_S: Final = 120.0
PAUSE_S_MAX: Final = 3.0
LINE_CONNECTIONS_MAX: Final = 24
SHOP_CONNECTIONS_MAX: Final = 64
LINE_CALLS: Final = frozenset({"join", "place"})
ASK_AGAIN: Final = frozenset({429, 500, 502, 503, 504})


class GaveUp(Exception):
    """A door stayed shut for longer than anyone would wait."""


class Answer(msgspec.Struct, frozen=True):
    """`slug` is the last part of a problem's type, empty for what is no problem."""

    status: int
    body: dict[str, Any]
    slug: str = ""


class Door:
    """Calls one Usher; every attempt is timed from the moment its fan wanted to send it."""

    def __init__(self, base_url: str, tape: Tape, dice: random.Random) -> None:
        self.tape = tape
        self._dice = dice
        # Those who wait in line must not stand in the way of those who shop: two pools, two queues.
        self._line = Wires(base_url, LINE_CONNECTIONS_MAX)
        self._shop = Wires(base_url, SHOP_CONNECTIONS_MAX)

    def close(self) -> None:
        self._line.close()
        self._shop.close()

    async def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        bearer: str = "",
        body: Any = None,
        key: str = "",
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """The answer to one request, asked again with the same key through refusals that may pass.

        `content` is a body sent as it is. Raises GaveUp when nobody answered for PATIENCE_S.
        """
        sent = dict(headers or {})
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        if key:
            sent["Idempotency-Key"] = key
        if body is not None:
            content = msgspec.json.encode(body)
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        until = time.monotonic() + PATIENCE_S
        tries = 0
        while True:
            answer, pause_s = await self._attempt(name, method, path, sent, content)
            if answer is not None:
                return answer
            tries += 1
            if time.monotonic() + pause_s > until:
                raise GaveUp(f"{method} {path} was not answered for {PATIENCE_S:.0f} s")
            pause_s = max(pause_s, min(0.1 * 2**tries, PAUSE_S_MAX))
            await asyncio.sleep(
                min(pause_s, PAUSE_S_MAX) * self._dice.uniform(0.8, 1.2) + 0.05 * min(tries, 10)
            )

    async def _attempt(
        self, name: str, method: str, path: str, headers: dict[str, str], content: bytes | None
    ) -> tuple[Answer | None, float]:
        wanted_ms, began = self.tape.now_ms(), time.perf_counter()
        wires = self._line if name in LINE_CALLS else self._shop
        try:
            reply = await wires.ask(method, path, headers, content)
        except NoReply:
            self.tape.trouble(wanted_ms)
            self.tape.counts["no answer"] += 1
            return None, 0.2
        answer = answer_of(reply.status, reply.body)
        self.tape.latencies_ms[name].append((time.perf_counter() - began) * 1000)
        self.tape.served_ms[name].append(reply.took_ms)
        if answer.status in ASK_AGAIN or answer.slug == "in-progress":
            if answer.status >= 500:
                self.tape.trouble(wanted_ms)
            self.tape.counts[f"{name} {answer.slug or answer.status}"] += 1
            return None, reply.retry_after_s or 0.5
        return answer, 0.0


def answer_of(status: int, content: bytes) -> Answer:
    try:
        body = msgspec.json.decode(content) if content else {}
    except msgspec.DecodeError:
        body = {}
    if not isinstance(body, dict):
        body = {"items": body}
    slug = (
        str(body.get("type", "")).rstrip("/").rpartition("/")[2].rpartition("#")[2] if status >= 400 else ""
    )
    return Answer(status, body, slug)
