"""A client that is never the bottleneck: calls encoded beforehand, plain sockets, pipelines of 16.

Two connections take turns, so that the server always has the next pipeline waiting.
"""

import socket
from collections.abc import Sequence
from typing import Final

PIPELINE: Final = 16
LINES: Final = 2
RECEIVE_BYTES: Final = 1 << 18


def encode(*parts: str | bytes | int) -> bytes:
    """One command as it travels."""
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded)


class Wire:
    """Connections to the unix socket of a server."""

    def __init__(self, path: str) -> None:
        self._lines = [_Line(path) for _ in range(LINES)]

    def ask(self, pipelines: Sequence[tuple[bytes, int]]) -> list[bytes]:
        """Sends each (encoded calls, how many) and returns all replies, bulk strings or numbers, in order."""
        replies: list[bytes] = []
        for number, (calls, _) in enumerate(pipelines):
            if number >= LINES:
                replies += self._lines[number % LINES].receive(pipelines[number - LINES][1])
            self._lines[number % LINES].send(calls)
        for number in range(max(0, len(pipelines) - LINES), len(pipelines)):
            replies += self._lines[number % LINES].receive(pipelines[number][1])
        return replies

    def tell(self, calls: bytes, reply: bytes, times: int) -> None:
        """Sends the same pipeline so many times; `reply` is all that it must answer. Nothing is parsed."""
        for number in range(times + LINES):
            line = self._lines[number % LINES]
            if number >= LINES:
                assert line.receive_bytes(len(reply)) == reply
            if number < times:
                line.send(calls)

    def close(self) -> None:
        for line in self._lines:
            line.close()


class _Line:
    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._buffer = b""

    def send(self, calls: bytes) -> None:
        self._socket.sendall(calls)

    def receive_bytes(self, size: int) -> bytes:
        received = self._socket.recv(size)
        while len(received) < size:
            received += self._socket.recv(size - len(received))
        return received

    def receive(self, count: int) -> list[bytes]:
        replies: list[bytes] = []
        at = 0
        while len(replies) < count:
            found = _reply(self._buffer, at)
            if found is None:
                more = self._socket.recv(RECEIVE_BYTES)
                assert more, "the server hung up"
                self._buffer, at = self._buffer[at:] + more, 0
                continue
            reply, at = found
            replies.append(reply)
        self._buffer = self._buffer[at:]
        return replies

    def close(self) -> None:
        self._socket.close()


def _reply(buffer: bytes, at: int) -> tuple[bytes, int] | None:
    """The reply at `at` and where the next one starts; None while it is not all there."""
    end = buffer.find(b"\r\n", at)
    if end < 0:
        return None
    head = buffer[at:end]
    assert head[:1] != b"-", head.decode()
    if head[:1] != b"$":
        return head, end + 2
    stop = end + 2 + int(head[1:])
    return (buffer[end + 2 : stop], stop + 2) if len(buffer) >= stop + 2 else None
