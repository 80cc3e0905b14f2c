"""The README against the code: every setting and every proof is explained, links lead somewhere."""

import re
from pathlib import Path

import pytest

from usher.rush_proofs import PROOFS
from usher.settings import VARIABLES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = ("README.md", "ARCHITECTURE.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")))


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES])
def test_every_setting_stands_in_the_table(name: str) -> None:
    assert f"| `{name}` |" in README


def test_no_setting_is_invented() -> None:
    assert set(re.findall(r"\bUSHER_[A-Z_]+\b", README)) <= {variable.name for variable in VARIABLES}


@pytest.mark.parametrize("key", PROOFS)
def test_every_proof_is_explained(key: str) -> None:
    assert f"| `{key}` |" in README


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
