"""A planted bug: one small change of our own code, which the named tests must notice."""

from pathlib import Path

import msgspec


class Mutation(msgspec.Struct, frozen=True):
    """`before` stands exactly once in `file`; `caught_by`: cheap tests that fail once it reads `after`."""

    name: str
    file: str
    before: str
    after: str
    caught_by: tuple[str, ...]

    def is_fresh(self, root: Path) -> bool:
        """The code still reads as it did when the bug was thought up."""
        path = root / self.file
        return path.is_file() and path.read_text("utf-8").count(self.before) == 1

    def plant(self, root: Path) -> None:
        """Write the file anew with the bug in it."""
        path = root / self.file
        path.write_text(path.read_text("utf-8").replace(self.before, self.after), "utf-8")
