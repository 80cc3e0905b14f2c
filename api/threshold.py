"""What stands before the doors of one process: what can be answered at once is answered without being parsed.

These are the polls, which are most of all calls, and the refusals of calls beyond the limit: at five times
what a process can do, four of five calls are refused. Bytes that are one whole request of the common form get
their answer without a parser, a scope or a task; the calls of the turnstiles get a task and nothing else. Any
other spelling goes through the parser, and to the same answer.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.common_form import HEAD_END, is_whole, without_upgrade
from api.doors import Doors
from api.pressure import Pressure, Rank
from api.refusals import Crowded
from api.replies import Answer, send_problem
from api.wicket import Passage, Wicket
from store.version import heard

PIPELINED_MAX: Final = 64
"""Calls of one connection that wait for the one before them."""
CUT_OFF: Final = Answer(
    500,
    ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")),
    b"Internal Server Error",
)
"""What the parser's way says of a call that was ended from outside."""


class Told:
    """The server's own headers, which change once a second, as they go over the wire."""

    def __init__(self) -> None:
        self._headers: Sequence[tuple[bytes, bytes]] = ()
        self._bytes = b""

    def of(self, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        if headers is not self._headers:
            self._bytes = b"".join(b"%b: %b\r\n" % (name.lower(), value) for name, value in headers)
            self._headers = headers
        return self._bytes


class Threshold(HttpToolsProtocol):
    """One connection. It has one call in flight at a time: those that follow unasked wait."""

    pressure: ClassVar[Pressure]
    doors: ClassVar[Doors | None]
    told: ClassVar[Told]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        root = self.doors.house.settings.root_path if self.doors else self.root_path
        assert root == self.root_path, "the doors and their server are told the same prefix"
        self._task: asyncio.Task[None] | None = None  # of the latest call
        self._serving: RequestResponseCycle | None = None  # that call, when it was parsed
        self._in_flight = False  # that call is here as a whole, and is not answered
        self._within = False  # some of a request has come, and not all of it
        self._turned_away = False  # it was refused at its head
        self._passing = False  # that call was let through unparsed, and is not answered
        self._early = b""  # what came meanwhile
        self._keeps = True  # the connection, when it is answered
        self._quiet_from = 0.0  # when the last call was answered unparsed

    def data_received(self, data: bytes) -> None:
        if self._passing:
            # What follows unasked is read when the call is answered.
            self._early += data
            self.flow.pause_reading()
        elif not self._is_free or not self._take_whole(data):
            super().data_received(without_upgrade(data) if self._is_free else data)

    @property
    def _is_free(self) -> bool:
        """Whether what comes next is a new request and nothing is owed before its answer."""
        return not self._within and (self.cycle is None or self.cycle.response_complete)

    def _take_whole(self, data: bytes) -> bool:
        """Sees to a request without its being parsed; False when it has to be."""
        if self.flow.write_paused:
            # Who asks on and does not read would pile up answers here, and calls that wait for ever.
            self.transport.abort()
            return True
        if self.pressure.is_crowded(self.loop) and self._refuse_whole(data):
            return True
        if self.doors is None:
            return False
        answer = self.doors.polled(data, self._told())
        if answer is not None:
            self._write(answer)
            self._stay()
            return True
        passage = self.doors.wicket.look(data)
        if passage is None:
            return False
        self._passing = True
        self._start(self._let_through(self.doors.wicket, passage))
        self._come_in()
        return True

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

    async def _let_through(self, wicket: Wicket, passage: Passage) -> None:
        try:
            answer = await wicket.answer(passage)
        except BaseException:
            self._keeps = False
            self._tell(CUT_OFF)
            raise
        self._tell(answer)
        wicket.note(passage, answer)

    def _tell(self, answer: Answer) -> None:
        """The answer to the call that was let through; then whatever came meanwhile."""
        self._passing = False
        self._go_out()
        if self.transport.is_closing():
            return
        last = b"\r\n" if self._keeps else b"connection: close\r\n\r\n"
        headers = b"".join([b"%b: %b\r\n" % (name.lower(), value) for name, value in answer.headers])
        self._write(b"".join((STATUS_LINE[answer.status], self._told(), headers, last, answer.body)))
        if not self._keeps:
            self.transport.close()
            return
        self._stay()
        if self._early:
            early, self._early = self._early, b""
            self.flow.resume_reading()
            self.data_received(early)

    def _told(self) -> bytes:
        return self.told.of(self.server_state.default_headers)

    def _write(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.server_state.total_requests += 1

    def shutdown(self) -> None:
        if self._passing:
            self._keeps = False
        else:
            super().shutdown()

    def _stay(self) -> None:
        """Keeps the connection; the timer is not set anew for each call but finds out when it was."""
        self._quiet_from = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_for_more()

    def timeout_keep_alive_handler(self) -> None:
        if self._passing:
            self._quiet_from = self.loop.time()
        if self._quiet_from + self.timeout_keep_alive > self.loop.time() and not self.transport.is_closing():
            self._wait_for_more()
        else:
            super().timeout_keep_alive_handler()

    def _wait_for_more(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_at(
            self._quiet_from + self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def on_message_begin(self) -> None:
        self._within = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() or len(self.pipeline) >= PIPELINED_MAX:
            # After an upgrade the parser takes a body for the next request; a 400 and the end are safer.
            raise ValueError("an upgrade in pieces, or too many calls unasked")
        pressure, rank = self.pressure, Rank.NEW
        if pressure.is_crowded(self.loop):
            rank = pressure.rank(self.url)
        if pressure.in_flight < pressure.limits[rank]:
            super().on_headers_complete()
        elif self.cycle is None or self.cycle.response_complete:
            self._turned_away = True
            self._answer(rank)
        else:
            self._queue_refusal(rank)

    def on_body(self, body: bytes) -> None:
        if not self._turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._within = False
        if self._turned_away or self.cycle.response_complete:
            # It was answered at its head: its connection has no timer while the rest comes.
            self._turned_away = False
            if not self.transport.is_closing():
                self._stay()
            return
        super().on_message_complete()
        if self.cycle is self._serving and not self.cycle.response_complete:
            self._come_in()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.loop.call_soon(self._end_unread)

    def _end_unread(self) -> None:
        """Who asks on and does not read would hold the place of a call for ever."""
        if self.flow.write_paused and (self._in_flight or self.pipeline):
            self.transport.abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.flow.write_paused:
            self.transport.abort()
            return
        self._serving = cycle
        self._start(cycle.run_asgi(app))
        if not cycle.more_body:  # It has waited here as a whole, behind another one.
            self._come_in()

    def _start(self, call: Coroutine[Any, Any, None]) -> None:
        """The task of a call; the server waits for it when it ends."""
        self._task = self.loop.create_task(call)
        self._task.add_done_callback(self.tasks.discard)
        self.tasks.add(self._task)

    def _come_in(self) -> None:
        self._in_flight = True
        self.pressure.in_flight += 1

    def _go_out(self) -> None:
        if self._in_flight:
            self._in_flight = False
            self.pressure.in_flight -= 1

    def on_response_complete(self) -> None:
        self._go_out()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._in_flight and self._task is not None:
            # Nobody waits for it any more, but it is worked on to its end.
            self._task.add_done_callback(lambda _: self._go_out())
        super().connection_lost(exc)

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
    heard.set(None)  # what the call before it heard is not this one's
    await send_problem(Crowded(), send)


def before(pressure: Pressure, doors: Doors | None = None) -> type[asyncio.Protocol]:
    """The protocol of a server whose process is under this pressure, and of these doors if it has some."""
    return type("Threshold", (Threshold,), {"pressure": pressure, "doors": doors, "told": Told()})
