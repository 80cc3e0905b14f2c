"""What the doors must be told at start; nobody here reads the environment."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit of the doors, unit last."""

    body_bytes_max: int = 64 * 1024
    answer_ttl_s: int = 24 * 3600
    """How long the answer of an Idempotency-Key is kept."""
    answer_lease_ms: int = 5_000
    """How long a key counts as running: a repeat after a killed worker runs again after this."""
    holds_per_fan_per_s: float = 2.0
    holds_per_fan_burst: int = 8
    fans_remembered_max: int = 100_000
    """Token buckets kept in one worker; the longest unseen go first."""
    board_poll_ms: int = 200
    """A showtime's board is read at most this often by one worker."""
    board_versions_max: int = 256
    """Changes of a board kept for `?since=`; older asks get the whole list."""
    ready_timeout_s: float = 2.0


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that `create_app` needs. Keys and secrets are text; an empty key opens no door.

    `secret` (32 bytes or more) is the root of every token. `providers`: name -> `whsec_...` signing secret.
    `base_url` is where fans reach us; `root_path` is set when a proxy serves us below a path.
    """

    store_url: str
    postgres_url: str
    secret: bytes
    storefront_key: str
    operator_key: str
    cinema_key: str = ""
    door_key: str = ""
    shards: int = 64
    identity_jwks: str = ""
    """Keys of the storefront's identity tokens: a JWKS as JSON text, or a path or URL to one."""
    providers: dict[str, str] = msgspec.field(default_factory=dict)
    test_provider: bool = False
    base_url: str = "http://127.0.0.1:8000"
    root_path: str = ""
    worker: str = "1"
    """Tells one API process from its siblings in metrics and logs."""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("secret: 32 bytes or more are needed")
        if not self.storefront_key or not self.operator_key:
            raise ValueError("storefront_key and operator_key must be set")
        if self.test_provider and "test" not in self.providers:
            raise ValueError("providers: the test provider needs a signing secret under `test`")

    def __repr__(self) -> str:
        return f"ApiSettings(worker={self.worker!r}, base_url={self.base_url!r})"


def link(settings: ApiSettings, path: str) -> str:
    """The public address of a path of ours."""
    return f"{settings.base_url.rstrip('/')}{settings.root_path}{path}"
