"""Requests in the common form: a whole HTTP/1.1 request in one read, spelt as nearly every client spells it.

What is read here is answered without a parser, so a pattern lets only such bytes through as the parser would
read in the same way: no escapes in the path, one space after each header's colon, nothing beyond ASCII, no
header that changes how a message is framed or when its connection ends. Anything else is for the parser.
"""

import re
from typing import Final

LINE_BYTES_MAX: Final = 2048
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"\r\ncontent-length:"
ODD: Final = (b"\r\nexpect:", b"\r\ntransfer-encoding:", b"\r\nupgrade:", b"close\r\n")
_FRAMING: Final = rb"transfer-encoding|content-length|expect|upgrade|proxy-connection"
_KEPT: Final = rb"connection:(?! keep-alive\r)"
_HEADER: Final = rb"[\w-]++: [!-~][ -~]*+\r\n"


def poll_pattern(root_path: str) -> re.Pattern[bytes]:
    """A fan's poll: its sale, which of the two it is, and the token when there is one."""
    root = re.escape(root_path).encode()
    others = rb"(?:(?!(?i:(?:%b|authorization):|%b))%b)*+" % (_FRAMING, _KEPT, _HEADER)
    return re.compile(
        rb"GET (?:%b)?/v1/sales/([\w.-]++)(/place|/pulse) HTTP/1\.1\r\n" % root
        + rb"%b(?:(?i:authorization: bearer) ([\w-]++)\r\n%b)?\r\n" % (others, others)
    )


def is_whole(data: bytes) -> bool:
    """Whether these bytes look like exactly one HTTP/1.1 request, head and body; enough to refuse it."""
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
