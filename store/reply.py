"""Replies of a server as they travel (RESP 2), read from bytes. Error replies are values here."""

from typing import Any, Final

from redis.exceptions import ResponseError

END: Final = b"\r\n"


class Incomplete(Exception):
    """The reply is not all there: it cannot be before the buffer holds `wanted` bytes."""

    def __init__(self, wanted: int) -> None:
        super().__init__(wanted)
        self.wanted = wanted


def read_reply(received: bytes, at: int) -> tuple[Any, int]:
    """The reply that starts at `at`, and where the next starts; Incomplete, or ValueError for no reply."""
    stop = received.find(END, at)
    if stop < 0:
        raise Incomplete(len(received) + 1)
    kind, head, rest = received[at : at + 1], received[at + 1 : stop], stop + 2
    match kind:
        case b"$":
            return _bulk(received, int(head), rest)
        case b"*":
            return _several(received, int(head), rest)
        case b":":
            return int(head), rest
        case b"+":
            return head, rest
        case b"-":
            return ResponseError(head.decode(errors="replace")), rest
    raise ValueError("no reply")


def _bulk(received: bytes, length: int, at: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, at
    stop = at + length
    if len(received) < stop + 2:
        raise Incomplete(stop + 2)
    return received[at:stop], stop + 2


def _several(received: bytes, count: int, at: int) -> tuple[list[Any] | None, int]:
    if count < 0:
        return None, at
    replies = []
    for _ in range(count):
        reply, at = read_reply(received, at)
        replies.append(reply)
    return replies, at
