"""How a hop reads what passes it: Valkey's, Postgres' and the doors' ways of asking and answering.

Only what a fault must be aimed with is read: where a question begins, what it asks for, where it is answered.
"""

from collections import deque
from typing import Final, Protocol

import msgspec

CRLF: Final = b"\r\n"
ONE_BYTE: Final = 1
HEAD_BYTES: Final = 5
"""A message of Postgres: its letter and its length; the length counts itself."""


class Call(msgspec.Struct, eq=False):
    """One question on its way. `pid` asked it; `verb` says what for; `words` are its arguments, if read."""

    pid: int
    verb: str
    words: tuple[bytes, ...] = ()
    changes: bool = False
    """Whether the answer may be worth something: it tells of a change."""


class Told(msgspec.Struct):
    """A whole piece of an answer, and the call that it ends, if it does."""

    content: bytes
    call: Call | None = None


class Talk(Protocol):
    """One connection's reader."""

    def asked(self, data: bytes) -> list[Call]:
        """The questions that are whole now."""

    def told(self, data: bytes) -> list[Told]:
        """The pieces of answers that are whole now, in order."""


class StoreTalk:
    """Valkey's protocol, version 2. Calls of the library are named after their function."""

    READS: Final = frozenset({"view", "find", "gate_state", "library", "seats"})

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._asked = self._told = b""
        self._open: deque[Call] = deque()

    def asked(self, data: bytes) -> list[Call]:
        self._asked += data
        calls, at = [], 0
        while (found := _command(self._asked, at)) is not None:
            words, at = found
            calls.append(self._call(words))
        self._asked = self._asked[at:]
        self._open.extend(calls)
        return calls

    def told(self, data: bytes) -> list[Told]:
        self._told += data
        pieces, at = [], 0
        while (end := _end_of_reply(self._told, at)) >= 0:
            pieces.append(Told(self._told[at:end], self._open.popleft() if self._open else None))
            at = end
        self._told = self._told[at:]
        return pieces

    def _call(self, words: list[bytes]) -> Call:
        name = words[0].upper().decode()
        if name != "FCALL":
            return Call(self._pid, name)
        verb = words[1].decode().removeprefix("usher_")
        return Call(self._pid, verb, tuple(words), verb not in self.READS)


class LedgerTalk:
    """Postgres' protocol, version 3. `changes`: a statement inside a transaction, or one that ends it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._asked = self._told = b""
        self._open: deque[Call] = deque()
        self._greeted = False
        self._in_transaction = False

    def asked(self, data: bytes) -> list[Call]:
        self._asked += data
        calls = []
        while (message := self._next_asked()) is not None:
            letter, body = message
            if letter in (b"Q", b"S"):
                verb = body.split(maxsplit=1)[0].rstrip(b";\0").decode().upper() if letter == b"Q" else "SYNC"
                calls.append(Call(self._pid, verb, (), self._in_transaction))
        self._open.extend(calls)
        return calls

    def told(self, data: bytes) -> list[Told]:
        self._told += data
        pieces, at = [], 0
        while at + HEAD_BYTES <= len(self._told):
            end = at + 1 + int.from_bytes(self._told[at + 1 : at + HEAD_BYTES], "big")
            if end > len(self._told):
                break
            ready = self._told[at : at + 1] == b"Z"
            call = self._open.popleft() if ready and self._open else None
            if ready:
                self._in_transaction = self._told[end - 1 : end] != b"I"
            pieces.append(Told(self._told[at:end], call))
            at = end
        self._told = self._told[at:]
        return pieces

    def _next_asked(self) -> tuple[bytes, bytes] | None:
        """The next whole message; the first one of a connection has no letter."""
        skip = 1 if self._greeted else 0
        if len(self._asked) < skip + 4:
            return None
        end = skip + int.from_bytes(self._asked[skip : skip + 4], "big")
        if end > len(self._asked):
            return None
        letter, body = self._asked[:skip], self._asked[skip + 4 : end]
        self._asked, self._greeted = self._asked[end:], True
        return letter, body


class DoorTalk:
    """HTTP, one request at a time on a connection: open from its first bytes to those of its answer."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._open: Call | None = None

    def asked(self, data: bytes) -> list[Call]:
        method, _, rest = data.partition(b" ")
        if method not in (b"POST", b"PUT", b"DELETE", b"GET"):
            return []
        path = rest.partition(b" ")[0]
        verb = path.split(b"?")[0].rpartition(b"/")[2].decode() if method == b"POST" else method.decode()
        self._open = Call(self._pid, verb, (), method != b"GET")
        return [self._open]

    def told(self, data: bytes) -> list[Told]:
        call, self._open = self._open, None
        return [Told(data, call)]


def _command(buffer: bytes, at: int) -> tuple[list[bytes], int] | None:
    """The words of the command at `at`, and where the next begins; None while it is not whole."""
    line = buffer.find(CRLF, at)
    if line < 0:
        return None
    words, count = [], int(buffer[at + 1 : line])
    at = line + 2
    for _ in range(count):
        line = buffer.find(CRLF, at)
        if line < 0:
            return None
        size = int(buffer[at + 1 : line])
        if line + size + 4 > len(buffer):
            return None
        words.append(buffer[line + 2 : line + 2 + size])
        at = line + size + 4
    return words, at


def _end_of_reply(buffer: bytes, at: int) -> int:
    """Where the reply at `at` ends; -1 while it is not whole."""
    line = buffer.find(CRLF, at)
    if line < 0:
        return -1
    kind, end = buffer[at : at + ONE_BYTE], line + 2
    if kind in (b"+", b"-", b":"):
        return end
    count = int(buffer[at + 1 : line])
    if kind == b"$":
        end += max(count + 2, 0) if count >= 0 else 0
        return end if end <= len(buffer) else -1
    for _ in range(count):
        end = _end_of_reply(buffer, end)
        if end < 0:
            return -1
    return end
