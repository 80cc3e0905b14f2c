"""A hall of the model: one byte per seat in a line, so that a search for free neighbours is one `find`.

A free seat is its category's letter, a taken one `-`, and `|` stands between runs. What is free is kept here;
who has a seat is kept in `owner`.
"""

from collections.abc import Iterable, Sequence
from copy import copy

from allocator.catalogue import OnSale

TAKEN = ord("-")
BETWEEN = b"|"


class Hall:
    def __init__(self, show: OnSale) -> None:
        geometry = show.geometry
        self.categories = [key.encode() for key in geometry.categories]
        line, self.place = bytearray(BETWEEN), [0] * len(geometry)
        for first, length in geometry.runs:
            for index in range(first, first + length):
                self.place[index] = len(line)
                line += geometry.category(index).encode()
            line += BETWEEN
        self.line = line
        self._empty = bytes(line)
        self.owner: dict[int, int] = {}

    def copy(self) -> "Hall":
        other = copy(self)
        other.line, other.owner = self.line.copy(), self.owner.copy()
        return other

    def taken(self, seats: Iterable[int]) -> list[int]:
        """Those of the seats that are not free."""
        return [seat for seat in seats if seat in self.owner]

    def take(self, seats: Sequence[int], token: int) -> None:
        for seat in seats:
            self.line[self.place[seat]] = TAKEN
            self.owner[seat] = token

    def free(self, seats: Sequence[int]) -> None:
        for seat in seats:
            place = self.place[seat]
            self.line[place] = self._empty[place]
            del self.owner[seat]

    def zones(self, category: str | None) -> list[bytes]:
        return self.categories if category is None else [category.encode()]

    def fits(self, category: str | None, count: int) -> bool:
        """So many free neighbours of the category, or of any single one."""
        return any(self.line.find(zone * count) >= 0 for zone in self.zones(category))

    def counts(self, category: str | None) -> int:
        """Free seats of the category, or of the fullest one."""
        return max(self.line.count(zone) for zone in self.zones(category))

    def largest(self, category: str | None, below: int) -> int:
        """The longest block, at most `below`."""
        return next((size for size in range(below, 0, -1) if self.fits(category, size)), 0)

    def category(self, seat: int) -> bytes:
        place = self.place[seat]
        return self._empty[place : place + 1]

    def together(self, seats: Sequence[int]) -> bool:
        """One unbroken block of one run."""
        return self.place[seats[-1]] - self.place[seats[0]] == len(seats) - 1

    def alone(self, single: int, seats: Iterable[int]) -> bool:
        """The free seat beside one of the seats would have no free neighbour left once they are taken."""
        gone = {self.place[seat] for seat in seats}
        place = self.place[single]
        if single in self.owner or not gone & {place - 1, place + 1}:
            return False
        return not any(self._is_free(near) and near not in gone for near in (place - 1, place + 1))

    def _is_free(self, place: int) -> bool:
        return self.line[place] not in (TAKEN, BETWEEN[0])
