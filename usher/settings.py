"""Every setting, from the environment, read once and checked at start.

`VARIABLES` is the one table: names, defaults and meanings for people, and how each text is read.
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from store.replicas import replicas_of
from usher.data_folder import DataFolder
from usher.key_folder import found, kept

LogLevel = Literal["debug", "info", "warning", "error"]
PREFIX: Final = "USHER_"
SECRET_CHARACTERS_MIN: Final = 32
LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104 - not bound here
"""Hosts that name every address of this machine, and the one it reaches itself by."""


class BadSetting(Exception):
    """A variable of the environment cannot be used; the message names it."""


class Settings(Struct, frozen=True, kw_only=True):
    """What every process of Usher needs to know; keys are never shown."""

    port: int
    host: str
    data: Path
    valkey_url: str
    postgres_url: str
    shards: int
    workers: int
    calls_max: int
    secret: str
    storefront_key: str
    operator_key: str
    cinema_key: str
    door_key: str
    identity_jwks: str
    providers: dict[str, str]
    test_provider: bool
    base_url: str
    root_path: str
    demo: bool
    log_level: LogLevel

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.data)

    @property
    def local_url(self) -> str:
        """Where this machine reaches the doors."""
        host = LOOPBACK.get(self.host, self.host)
        return f"http://{host}:{self.port}{self.root_path}"

    def __repr__(self) -> str:
        return f"Settings(data={self.data}, port={self.port}, workers={self.workers})"


class Variable(Struct, frozen=True):
    """A row of the table; `read` turns text into the value, ValueError says what is wrong."""

    name: str
    default: str
    meaning: str
    read: Callable[[str], object]

    @property
    def field(self) -> str:
        return self.name.removeprefix(PREFIX).lower()


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most} is needed")
        return int(text)

    return read


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1 is needed")
    return text == "1"


def _demo(text: str) -> bool | None:
    return _switch(text) if text else None


def _address(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"an address starting with {' or '.join(f'{s}://' for s in schemes)} is needed")
        return text

    return read


def _store_address(text: str) -> str:
    address = _address("redis", "rediss", "valkey", "valkeys", "unix")(text)
    replicas_of(address)
    return address


def _key(text: str) -> str:
    if text and len(text) < SECRET_CHARACTERS_MIN:
        raise ValueError(f"{SECRET_CHARACTERS_MIN} characters or more are needed")
    return text


def _level(text: str) -> str:
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error is needed")
    return text


def _path(text: str) -> str:
    if text and (not text.startswith("/") or text.endswith("/")):
        raise ValueError("a path such as /tickets is needed")
    return text


def _jwks(text: str) -> str:
    if text and not text.startswith(("http://", "https://", "{")) and not Path(text).is_file():
        raise ValueError("an address or a file that is there is needed")
    return text


def _providers(text: str) -> dict[str, str]:
    found = {}
    for pair in filter(None, text.split(",")):
        name, _, secret = pair.strip().partition("=")
        if not name.isidentifier() or not secret.startswith("whsec_"):
            raise ValueError("pairs such as `name=whsec_...`, separated by commas, are needed")
        found[name] = secret
    return found


VARIABLES: Final = (
    Variable("USHER_PORT", "8000", "port of the doors", _whole(1, 65535)),
    Variable("USHER_HOST", "127.0.0.1", "address of the doors; 0.0.0.0 opens them to the network", str),
    Variable("USHER_DATA", "./data", "data folder", Path),
    Variable(
        "USHER_VALKEY_URL",
        "",
        "your own Valkey or Redis 7; empty: an embedded one",
        _store_address,
    ),
    Variable(
        "USHER_POSTGRES_URL",
        "",
        "your own Postgres; empty: an embedded one",
        _address("postgresql", "postgres"),
    ),
    Variable("USHER_SHARDS", "64", "logical shards; what the first start kept", _whole(1, 4096)),
    Variable("USHER_WORKERS", str(os.cpu_count() or 1), "API processes; default: one a core", _whole(1, 256)),
    Variable(
        "USHER_CALLS_MAX",
        "256",
        "calls in flight in one API process at most; more are refused",
        _whole(8, 10_000),
    ),
    Variable("USHER_SECRET", "", "root of all tokens; empty: made and kept in the data folder", _key),
    Variable("USHER_STOREFRONT_KEY", "", "key of the storefront; empty: made and kept", _key),
    Variable("USHER_OPERATOR_KEY", "", "key of the operators; empty: made and kept", _key),
    Variable("USHER_CINEMA_KEY", "", "key of the cinemas; empty: made and kept", _key),
    Variable("USHER_DOOR_KEY", "", "key of the door scanners; empty: made and kept", _key),
    Variable("USHER_IDENTITY_JWKS", "", "keys of the storefront's identity tokens: address or file", _jwks),
    Variable("USHER_PROVIDERS", "", "payment providers: `name=whsec_...,name=whsec_...`", _providers),
    Variable("USHER_TEST_PROVIDER", "1", "1: the built-in test provider takes play money", _switch),
    Variable("USHER_BASE_URL", "", "address fans use; empty: this machine's", _address("http", "https")),
    Variable("USHER_ROOT_PATH", "", "path below which a proxy serves Usher", _path),
    Variable("USHER_DEMO", "", "1: load a demo premiere; empty: only into an embedded Postgres", _demo),
    Variable("USHER_LOG_LEVEL", "info", "debug, info, warning or error", _level),
)
NOT_OURS: Final = frozenset(
    {"USHER_TEST_VALKEY_URL", "USHER_TEST_POSTGRES_URL", "USHER_TEST_RUSH_FANS", "USHER_LOAD"}
)
"""Names that start like settings and are read by the tests and the load tests."""
KEPT: Final = ("secret", "storefront_key", "operator_key", "cinema_key", "door_key")
"""Settings made at the first start when they are not given."""


def read_settings(environment: Mapping[str, str], *, make: bool = True) -> Settings:
    """The settings, with the data folder made ready; raises BadSetting or DataFolderUnusable.

    Without `make` nothing is made: keys that are neither given nor kept are empty.
    """
    _refuse_unknown(environment)
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        text = environment.get(variable.name, "").strip() or variable.default
        try:
            values[variable.field] = variable.read(text)
        except ValueError as error:
            raise BadSetting(f"{variable.name}: {error}") from None
    folder = DataFolder(values["data"])
    folder.make(missing=make)
    values["data"] = folder.path
    keep = kept if make else found
    for field in KEPT:
        values[field] = values[field] or keep(folder.keys, field.replace("_", "-"))
    if values["test_provider"] and "test" not in values["providers"]:
        made = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        if secret := keep(folder.keys, "test-provider", made):
            values["providers"]["test"] = secret
    if values["demo"] is None:
        values["demo"] = not values["postgres_url"]
    settings = Settings(**values)
    return settings if settings.base_url else _with_base_url(settings)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelt name would be ignored, and its owner would believe that it holds."""
    known = [variable.name for variable in VARIABLES]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and name not in NOT_OURS:
            nearest = get_close_matches(name, known, n=1, cutoff=0)[0]
            raise BadSetting(f"{name}: there is no such setting; the nearest is {nearest}")


def _with_base_url(settings: Settings) -> Settings:
    return replace(settings, base_url=settings.local_url.removesuffix(settings.root_path))
