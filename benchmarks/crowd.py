"""The client that sends the load: many kept connections, one request at a time on each, no framework.

A request costs it about 10 us, half of what the barest server spends on the answer, so that the server is
what a clock measures. Requests are bytes made before the clock starts, or made from the reply before.
"""

import gc
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

LINES: Final = 48
"""Fewer than a busy API process takes of those who join and look: none is refused for being too many."""
RECEIVE_BYTES: Final = 1 << 16
SILENCE_S_MAX: Final = 30.0


class Script(Protocol):
    """What each connection says: the request that follows a reply, None when it has nothing more to say."""

    def follow(self, line: int, reply: bytes) -> bytes | None:
        """`reply` is empty at the first call of a line."""


class Listed:
    """Says prepared requests, whoever is free the next one, and keeps the replies in any order."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.replies: list[bytes] = []
        self._requests: Iterator[bytes] = iter(requests)

    def follow(self, _: int, reply: bytes) -> bytes | None:
        if reply:
            self.replies.append(reply)
        return next(self._requests, None)


def request(
    method: str, path: str, *, bearer: str = "", key: str = "", body: bytes | None = None, more: str = ""
) -> bytes:
    """One request as browsers and storefronts send it, without what no server of ours reads."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if bearer:
        head.append(f"Authorization: Bearer {bearer}")
    if key:
        head.append(f"Idempotency-Key: {key}")
    if more:
        head.append(more)
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join((*head, "\r\n")).encode() + (body or b"")


def status_of(reply: bytes) -> int:
    return int(reply[9:12])


def body_of(reply: bytes) -> bytes:
    return reply.partition(b"\r\n\r\n")[2]


def run(port: int, script: Script, lines: int = LINES) -> float:
    """Follows the script on so many connections to its end; the seconds from first request to last reply."""
    sockets = {}
    for _ in range(lines):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
    gc.collect()
    gc.disable()
    try:
        return _run(sockets, script)
    finally:
        gc.enable()
        for one in sockets.values():
            one.close()


def _run(sockets: dict[int, socket.socket], script: Script) -> float:
    poll, follow = select.epoll(), script.follow
    started = time.perf_counter()
    pending: dict[int, bytes] = {}
    for fd, line in sockets.items():
        if (first := follow(fd, b"")) is not None:
            pending[fd] = b""
            poll.register(fd, select.EPOLLIN)
            line.sendall(first)
    while pending:
        ready = poll.poll(SILENCE_S_MAX)
        assert ready, f"the server was silent for {SILENCE_S_MAX:.0f} s"
        for fd, _ in ready:
            line = sockets[fd]
            received = line.recv(RECEIVE_BYTES)
            assert received, "the server hung up"
            reply = pending[fd] + received if pending[fd] else received
            if not is_whole(reply):
                pending[fd] = reply
                continue
            following = follow(fd, reply)
            if following is None:
                poll.unregister(fd)
                del pending[fd]
            else:
                pending[fd] = b""
                line.sendall(following)
    return time.perf_counter() - started


def is_whole(reply: bytes) -> bool:
    """Whether head and body are all there; every server of ours tells the length in lower case."""
    head = reply.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = reply.find(b"content-length: ", 0, head)
    assert at >= 0, reply[:head]
    return len(reply) >= head + 4 + int(reply[at + 16 : reply.find(b"\r", at)])
