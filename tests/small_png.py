"""Pictures for the README made small: at most 256 colours, those that occur most."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

HEAD: Final = b"\x89PNG\r\n\x1a\n"
COLOURS_MAX: Final = 256
RGB: Final = 3
Colour = tuple[int, int, int]


def small_png(picture: bytes) -> bytes:
    """The same picture; colours beyond the 256 most frequent become the nearest of those."""
    width, height, lines = read(picture)
    pixels = [list(zip(line[::RGB], line[1::RGB], line[2::RGB], strict=True)) for line in lines]
    seen: Counter[Colour] = Counter()
    for row in pixels:
        seen.update(row)
    palette = [colour for colour, _ in seen.most_common(COLOURS_MAX)]
    index = {colour: nearest(colour, palette) for colour in seen}
    # Each line begins with its filter: none, which suits a palette best.
    raw = b"".join(b"\0" + bytes(map(index.__getitem__, row)) for row in pixels)
    return HEAD + b"".join(
        chunk(kind, body)
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", bytes(part for colour in palette for part in colour)),
            (b"IDAT", zlib.compress(raw, 9)),
            (b"IEND", b""),
        )
    )


def nearest(colour: Colour, palette: list[Colour]) -> int:
    r, g, b = colour
    return min(
        range(len(palette)),
        key=lambda i: (palette[i][0] - r) ** 2 + (palette[i][1] - g) ** 2 + (palette[i][2] - b) ** 2,
    )


def read(picture: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the lines of a picture as Chromium writes it: eight bits a colour, no alpha."""
    parts = list(chunks(picture))
    width, height, depth, kind = struct.unpack_from(">IIBB", dict(parts)[b"IHDR"])
    assert (depth, kind) == (8, 2), "not eight bits a colour without alpha"
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    lines, above, length = [], bytes(width * RGB), width * RGB + 1
    for start in range(0, len(raw), length):
        above = unfiltered(raw[start], raw[start + 1 : start + length], above)
        lines.append(above)
    return width, height, lines


def unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    """A line as it was before its filter (PNG specification, chapter 9)."""
    found = bytearray(line)
    for i, value in enumerate(line):
        left = found[i - RGB] if i >= RGB else 0
        corner = above[i - RGB] if i >= RGB else 0
        expected = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
        found[i] = (value + expected) % 256
    return bytes(found)


def paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(HEAD)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
