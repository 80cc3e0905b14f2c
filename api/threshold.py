"""What stands before the doors of one process: calls beyond its limit are answered without being read.

At five times what a process can do, four of five calls are refused, so a refusal must cost next to nothing:
bytes that look like one whole request of the common form get the prepared answer without a parser, a scope or
a task. Any other spelling goes through the parser, and to the same answer.
"""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.pressure import Pressure, Rank
from api.refusals import Crowded
from api.replies import send_problem

LINE_BYTES_MAX: Final = 2048
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"\r\ncontent-length:"
ODD: Final = (b"\r\nexpect:", b"\r\ntransfer-encoding:", b"\r\nupgrade:", b"close\r\n")


class Threshold(HttpToolsProtocol):
    """One connection. A call in flight is a task of the server's whose request is all here."""

    pressure: ClassVar[Pressure]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pressure.tasks = self.tasks
        self._within = False  # some of a request has come, and not all of it
        self._unread = False  # its head has been answered for by a task
        self._turned_away = False  # it was refused at its head
        self._asked_again = False  # a call was refused since the keep-alive timer was set

    def data_received(self, data: bytes) -> None:
        if self._is_free:
            if self.flow.write_paused:
                # Who asks on and does not read would pile up answers here, and calls that wait for ever.
                self.transport.abort()
                return
            if self.pressure.is_crowded(self.loop) and self._refuse_whole(data):
                return
        super().data_received(data)

    @property
    def _is_free(self) -> bool:
        """Whether what comes next is a new request and nothing is owed before its answer."""
        return not self._within and (self.cycle is None or self.cycle.response_complete)

    def _refuse_whole(self, data: bytes) -> bool:
        """Answers a request beyond the limit; False when it is within, or has to be parsed to know."""
        start = data.find(b" ", 0, 8) + 1
        rank = self.pressure.rank(data, start)
        if (
            self.pressure.in_flight < self.pressure.limits[rank]
            or data.startswith(b"HEAD")
            or not is_whole(data)
        ):
            return False
        self.transport.write(self.pressure.refusal(rank).whole)
        self._stay()
        return True

    def _stay(self) -> None:
        """Keeps the connection; the timer is not set anew for each refusal but asked to run once more."""
        self._asked_again = True
        if self.timeout_keep_alive_task is None:
            self._wait_for_more()

    def timeout_keep_alive_handler(self) -> None:
        if self._asked_again and not self.transport.is_closing():
            self._wait_for_more()
        else:
            super().timeout_keep_alive_handler()

    def _wait_for_more(self) -> None:
        self._asked_again = False
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def on_message_begin(self) -> None:
        self._within = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        pressure, rank = self.pressure, Rank.NEW
        if pressure.is_crowded(self.loop):
            rank = pressure.rank(self.url)
        if pressure.in_flight >= pressure.limits[rank]:
            if self.cycle is None or self.cycle.response_complete:
                self._turned_away = True
                self._answer(rank)
                return
            self._queue_refusal(rank)
        else:
            super().on_headers_complete()
        self._unread = True
        self.pressure.unread += 1

    def on_response_complete(self) -> None:
        # Its task ends in this turn of the loop but is taken off the server's list in the next one only: a crowd
        # that asks again at once would count twice.
        self.pressure.answered += 1
        self.loop.call_soon(self._leave)
        super().on_response_complete()

    def _leave(self) -> None:
        self.pressure.answered -= 1

    def on_body(self, body: bytes) -> None:
        if not self._turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._within = False
        if self._turned_away:
            self._turned_away = False
            return
        self._read()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._read()
        super().connection_lost(exc)

    def _read(self) -> None:
        if self._unread:
            self._unread = False
            self.pressure.unread -= 1

    def _answer(self, rank: Rank) -> None:
        """The refusal at once, before a body that may still come; that is read and forgotten."""
        refusal, keep = self.pressure.refusal(rank), self.parser.should_keep_alive()
        said = refusal.head if self.parser.get_method() == b"HEAD" else refusal.whole
        self.transport.write(said if keep else said.replace(HEAD_END, b"\r\nconnection: close\r\n\r\n", 1))
        if keep:
            self._stay()
        else:
            self.transport.close()

    def _queue_refusal(self, rank: Rank) -> None:
        """Behind a call of the same connection that is not answered yet, the refusal has to wait its turn."""
        self.pressure.refused[rank] += 1
        app, self.app = self.app, turned_away
        super().on_headers_complete()
        self.app = app


async def turned_away(_: Any, __: Any, send: Any) -> None:
    await send_problem(Crowded(), send)


def is_whole(data: bytes) -> bool:
    """Whether these bytes are exactly one HTTP/1.1 request of the common form, head and body."""
    end = data.find(HEAD_END)
    if end < 0 or data.find(b" HTTP/1.1\r\n", 0, LINE_BYTES_MAX) < 0:
        return False
    head = data[: end + 2].lower()
    if any(odd in head for odd in ODD):
        return False
    at = head.find(LENGTH)
    if at < 0:
        return len(data) == end + 4
    after = at + len(LENGTH)
    length = head[after : head.find(b"\r\n", after)].strip()
    return length.isdigit() and len(data) == end + 4 + int(length) and head.find(LENGTH, after) < 0


def before(pressure: Pressure) -> type[asyncio.Protocol]:
    """The protocol of a server whose process is under this pressure."""
    return type("Threshold", (Threshold,), {"pressure": pressure})
