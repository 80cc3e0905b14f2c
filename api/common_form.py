"""Requests in the common form: a whole HTTP/1.1 request in one read, spelt as nearly every client spells it.

What is read here is answered without a parser, so a pattern lets only such bytes through as the parser would
read in the same way: no escapes in the path, one space after each header's colon, nothing beyond ASCII, no
header that changes how a message is framed or when its connection ends. Anything else is for the parser.
"""

import re
from typing import Final

import msgspec

LENGTH_DIGITS_MAX: Final = 8
HEAD_END: Final = b"\r\n\r\n"
_ODD: Final = rb"transfer-encoding:|expect:|upgrade:|proxy-connection:|connection:(?! keep-alive\r)"
_HEADER: Final = rb"[\w-]++: [!-~][ -~]*+(?<! )\r\n"


def _others(names: bytes) -> bytes:
    """Any headers but the odd ones and those of these names, which stand where they are looked for."""
    return rb"(?:(?!(?i:%b|%b))%b)*+" % (_ODD, names, _HEADER)


_OTHERS: Final = _others(rb"content-length:")
_UPGRADE: Final = re.compile(rb"\r\nupgrade:", re.IGNORECASE)
_WHOLE: Final = re.compile(
    rb"[A-Z]++ [!-~]++ HTTP/1\.1\r\n%b(?:(?i:content-length): ([0-9]{1,8})\r\n%b)?\r\n" % (_OTHERS, _OTHERS)
)


class Post(msgspec.Struct, frozen=True, gc=False):
    """A POST as it came. `path` is without the prefix; the names of `headers` are in lower case."""

    path: str
    headers: dict[bytes, bytes]
    body: bytes


def poll_pattern(root_path: str) -> re.Pattern[bytes]:
    """A fan's poll: its sale, which of the two it is, and the token when there is one."""
    root = re.escape(root_path).encode()
    others = _others(rb"content-length:|authorization:")
    return re.compile(
        rb"GET (?:%b)?/v1/sales/([\w.-]++)(/place|/pulse) HTTP/1\.1\r\n" % root
        + rb"%b(?:(?i:authorization: bearer) ([\w-]++)\r\n%b)?\r\n" % (others, others)
    )


def seats_pattern(root_path: str) -> re.Pattern[bytes]:
    """What a page asks of a hall: the showtime, the version it knows, the codings it takes, if it says so."""
    root = re.escape(root_path).encode()
    others = _others(rb"content-length:|accept-encoding:")
    return re.compile(
        rb"GET (?:%b)?/v1/showtimes/([\w.-]++)/seats(?:\?since=(0|[1-9][0-9]{0,14}))? HTTP/1\.1\r\n" % root
        + rb"%b(?:(?i:accept-encoding): ([ -~]++)\r\n%b)?\r\n" % (others, others)
    )


def post_pattern(root_path: str) -> re.Pattern[bytes]:
    """The head of a POST: its address below the prefix, and the lines of its headers."""
    root = re.escape(root_path).encode()
    return re.compile(
        rb"POST (?:%b)?(/v1/[\w./-]++) HTTP/1\.1\r\n((?:(?!(?i:%b))%b)++)\r\n" % (root, _ODD, _HEADER)
    )


def post(head: re.Pattern[bytes], data: bytes) -> Post | None:
    """The POST that these bytes are, None when they are none, or none of the common form."""
    found = head.match(data)
    if found is None:
        return None
    path, lines = found.groups()
    headers = {}
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b": ")
        headers[name.lower()] = value
    body, length = data[found.end() :], headers.get(b"content-length", b"")
    if len(headers) != lines.count(b"\r\n") or not length.isdigit() or len(length) > LENGTH_DIGITS_MAX:
        return None  # A header is there twice, for instance.
    return Post(path.decode(), headers, body) if int(length) == len(body) else None


def is_whole(data: bytes) -> bool:
    """Whether these bytes are exactly one request of the common form, head and body; enough to refuse it."""
    found = _WHOLE.match(data)
    return found is not None and len(data) == found.end() + int(found[1] or 0)


def without_upgrade(data: bytes) -> bytes:
    """The request that begins here, its offer of another protocol ignored, as a server may (RFC 9110, 7.8).

    The parser would take all that follows such a head, a body too, for the other protocol.
    """
    end = data.find(HEAD_END)
    if end < 0 or _UPGRADE.search(data, 0, end) is None:
        return data
    return _UPGRADE.sub(b"\r\nignored-upgrade:", data[:end]) + data[end:]
