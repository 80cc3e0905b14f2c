"""A pass is one signed text per stay; forged, foreign and expired ones are told apart."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from allocator.sale import SaleId
from tests.queueing import NOON_MS, SECRET
from waiting_room.answers import BadToken, ExpiredPass, WrongSale
from waiting_room.keyring import Keyring
from waiting_room.passes import Pass, Passes

KEY = Keyring.derive(SECRET).passes
PASSES = Passes(KEY)
SALE = SaleId("premiere")
GRANTED = Pass(sale=SALE, fan="00ff", entry=41, issued_ms=NOON_MS, expires_ms=NOON_MS + 60_000)
TEXT = PASSES.write(GRANTED)
CLAIMS = jwt.decode(TEXT, options={"verify_signature": False})


def signed(key: object = KEY, algorithm: str = "EdDSA", **changes: object) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)  # type: ignore[arg-type] # wrong keys on purpose


def ours(**changes: object) -> str:
    """Claims that we never sign, under our key and header."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, KEY, algorithm="EdDSA", headers={"kid": jwt.get_unverified_header(TEXT)["kid"]})


def swapped(text: str, other: str) -> str:
    """The header and signature of one pass around the claims of another."""
    header, _, signature = text.split(".")
    return ".".join((header, other.split(".")[1], signature))


OTHER = PASSES.write(Pass(sale=SALE, fan="00ff", entry=42, issued_ms=NOON_MS, expires_ms=NOON_MS + 60_000))
HOUSE = Passes(Keyring.derive(b"another house has another secret").passes)
READS: list[tuple[str, str, str, int, object]] = [
    ("as written", TEXT, SALE, NOON_MS, GRANTED),
    ("its last millisecond", TEXT, SALE, NOON_MS + 59_999, GRANTED),
    ("its end", TEXT, SALE, NOON_MS + 60_000, ExpiredPass()),
    ("another sale", TEXT, "sequel", NOON_MS, WrongSale()),
    ("another sale, long ago", TEXT, "sequel", NOON_MS + 10**9, WrongSale()),
    ("another key", signed(Ed25519PrivateKey.generate()), SALE, NOON_MS, BadToken()),
    ("another key, expired", signed(Ed25519PrivateKey.generate()), SALE, NOON_MS + 10**9, BadToken()),
    ("a shared secret", signed("s" * 32, "HS256"), SALE, NOON_MS, BadToken()),
    ("no signature at all", signed(None, "none"), SALE, NOON_MS, BadToken()),
    ("another issuer", signed(iss="someone"), SALE, NOON_MS, BadToken()),
    ("no end", signed(exp=None), SALE, NOON_MS, BadToken()),
    ("no entry", signed(jti=None), SALE, NOON_MS, BadToken()),
    ("claims changed", ".".join((TEXT.split(".")[0], "e30", TEXT.split(".")[2])), SALE, NOON_MS, BadToken()),
    ("the signature of other claims", swapped(TEXT, OTHER), SALE, NOON_MS, BadToken()),
    ("another signature", TEXT[:-6] + "AAAAAA", SALE, NOON_MS, BadToken()),
    ("another header", signed(), SALE, NOON_MS, GRANTED),
    ("another house's", HOUSE.write(GRANTED), SALE, NOON_MS, BadToken()),
    ("an odd letter", TEXT[:-1] + "\u00e4", SALE, NOON_MS, BadToken()),
    ("our header, another issuer", ours(iss="someone"), SALE, NOON_MS, BadToken()),
    ("our header, no end", ours(exp=None), SALE, NOON_MS, BadToken()),
    ("cut", TEXT[:-2], SALE, NOON_MS, BadToken()),
    ("not a JWT", "pass", SALE, NOON_MS, BadToken()),
    ("empty", "", SALE, NOON_MS, BadToken()),
    ("too long", TEXT + "A" * 2000, SALE, NOON_MS, BadToken()),
]


@pytest.mark.parametrize(("case", "text", "sale", "now_ms", "expected"), READS, ids=[row[0] for row in READS])
def test_reads(case: str, text: str, sale: str, now_ms: int, expected: object) -> None:
    worker = Passes(KEY)  # did not write any of them
    assert worker.read(text, SaleId(sale), now_ms) == expected
    assert worker.read(text, SaleId(sale), now_ms) == expected, "remembered, it says the same"
    assert PASSES.read(text, SaleId(sale), now_ms) == expected, "the worker that wrote it says the same"


def test_the_same_claims_give_the_same_pass() -> None:
    assert PASSES.write(GRANTED) == TEXT == Passes(Keyring.derive(SECRET).passes).write(GRANTED)


def test_anyone_can_verify_by_the_published_keys() -> None:
    keys = jwt.PyJWKSet.from_dict(json.loads(PASSES.jwks()))
    key = keys[jwt.get_unverified_header(TEXT)["kid"]]
    claims = jwt.decode(TEXT, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False})
    assert (
        claims
        == CLAIMS
        == {
            "iss": "usher",
            "sub": "00ff",
            "sale": SALE,
            "jti": "41",
            "iat": NOON_MS // 1000,
            "exp": NOON_MS // 1000 + 60,
        }
    )


def test_the_memory_of_verified_passes_is_bounded() -> None:
    passes = Passes(KEY, remembered_max=2)
    texts = [signed(jti=str(entry)) for entry in range(4)]
    for text in [*texts, *texts]:
        assert isinstance(passes.read(text, SALE, NOON_MS), Pass)
    assert len(passes._verified) == 2


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 are needed"):
        Keyring.derive(b"short")
