"""The storefront's word for a fan counts only when signed by its own key, for us, and in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waiting_room.identity import LEEWAY_S, REFRESH_EVERY_S, BadIdentity, Identity, KeysUnavailable

NOW_S = 1_800_000_000
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = Ed25519PrivateKey.generate()
STRANGER = Ed25519PrivateKey.generate()
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey | str


def jwk(kid: str, key: Key) -> dict[str, str]:
    public = key if isinstance(key, str) else key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return {**jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True), "kid": kid, "alg": "RS256"}
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {**jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True), "kid": kid}
    if isinstance(public, str):
        return {**jwt.algorithms.HMACAlgorithm.to_jwk(public, as_dict=True), "kid": kid, "alg": "HS256"}
    return {**jwt.algorithms.OKPAlgorithm.to_jwk(public, as_dict=True), "kid": kid}


def key_set(**keys: Key) -> str:
    return json.dumps({"keys": [jwk(kid, key) for kid, key in keys.items()]})


def token(key: Key = ED, algorithm: str = "EdDSA", kid: str | None = "ed", **changes: object) -> str:
    claims = {"sub": "fan-1", "aud": "usher", "exp": NOW_S + 60, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


SECRET = "a shared secret of more than thirty-two bytes"
KEYS = key_set(rsa=RSA, ec=EC, ed=ED, shared=SECRET)
CASES: list[tuple[str, str, str | None]] = [
    ("RS256", token(RSA, "RS256", "rsa"), "fan-1"),
    ("ES256", token(EC, "ES256", "ec"), "fan-1"),
    ("EdDSA", token(), "fan-1"),
    ("just within the leeway", token(exp=NOW_S - LEEWAY_S + 1), "fan-1"),
    ("several audiences", token(aud=["shop", "usher"]), "fan-1"),
    ("past the leeway", token(exp=NOW_S - LEEWAY_S), None),
    ("not yet", token(nbf=NOW_S + LEEWAY_S + 1), None),
    ("no end", token(exp=None), None),
    ("an end in words", token(exp="tomorrow"), None),
    ("for another service", token(aud="shop"), None),
    ("for nobody", token(aud=None), None),
    ("no account", token(sub=None), None),
    ("an empty account", token(sub=""), None),
    ("an account of a thousand characters", token(sub="a" * 1000), None),
    ("HS256 with a published secret", token(SECRET, "HS256", "shared"), None),
    ("PS256", token(RSA, "PS256", "rsa"), None),
    ("RS256 by name, EdDSA by key", token(RSA, "RS256", "ed"), None),
    ("a stranger's key under a known name", token(STRANGER), None),
    ("an unknown key", token(STRANGER, kid="new"), None),
    ("no key named, several known", token(kid=None), None),
    ("cut", token()[:-3], None),
    ("not a JWT", "hello", None),
    ("empty", "", None),
    ("too long", "a" * 10_000, None),
]


@pytest.mark.parametrize(("case", "text", "account"), CASES, ids=[row[0] for row in CASES])
async def test_accounts(case: str, text: str, account: str | None) -> None:
    found = await Identity(KEYS, lambda: NOW_S).account(text)
    assert found == account or (account is None and isinstance(found, BadIdentity)), found


async def test_a_single_key_needs_no_name() -> None:
    assert await Identity(key_set(only=ED), lambda: NOW_S).account(token(kid=None)) == "fan-1"


async def test_the_issuer_counts_when_it_is_set() -> None:
    identity = Identity(KEYS, lambda: NOW_S, issuer="shop")
    assert await identity.account(token(iss="shop")) == "fan-1"
    assert isinstance(await identity.account(token(iss="other")), BadIdentity)


async def test_a_new_key_is_fetched_but_not_at_every_token(tmp_path: Path) -> None:
    path, now_s = tmp_path / "jwks.json", [float(NOW_S)]
    path.write_text(key_set(rsa=RSA))
    identity = Identity(str(path), lambda: now_s[0])
    assert isinstance(await identity.account(token()), BadIdentity)
    path.write_text(key_set(ed=ED))
    assert isinstance(await identity.account(token()), BadIdentity), "read a moment ago"
    now_s[0] += REFRESH_EVERY_S
    assert await identity.account(token()) == "fan-1"


async def test_known_keys_outlive_a_broken_file(tmp_path: Path) -> None:
    path, now_s = tmp_path / "jwks.json", [float(NOW_S)]
    path.write_text(key_set(ed=ED))
    identity = Identity(str(path), lambda: now_s[0])
    assert await identity.account(token()) == "fan-1"
    path.write_text("{")
    now_s[0] += REFRESH_EVERY_S
    assert isinstance(await identity.account(token(kid="new")), BadIdentity)
    assert await identity.account(token(exp=NOW_S + 600)) == "fan-1"


async def test_without_any_keys_nobody_is_judged(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable):
        await Identity(str(tmp_path / "missing.json"), lambda: NOW_S).account(token())


async def test_keys_come_by_http() -> None:
    async with serving(key_set(ed=ED)) as url:
        assert await Identity(url, lambda: NOW_S).account(token()) == "fan-1"
    async with serving(" " * 300_000 + key_set(ed=ED)) as url:
        with pytest.raises(KeysUnavailable):
            await Identity(url, lambda: NOW_S).account(token())


@asynccontextmanager
async def serving(body: str) -> AsyncIterator[str]:
    """An address that answers every request with this JSON."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
