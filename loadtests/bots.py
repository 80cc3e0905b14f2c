"""Clients that ignore the queue. What they send must be refused, and may not become a fault."""

import base64
import secrets
from typing import Any, Final

import msgspec
from locust import constant, task

from loadtests.door import Caller

EVERY_S: Final = 0.1
PLACE_BYTES: Final = 39
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BEST: Final[dict[str, Any]] = {"best": {"count": 4, "category": "standard", "split": True}}


def random_place() -> str:
    """Looks like a place token, and was signed by nobody."""
    return base64.urlsafe_b64encode(b"UP1" + secrets.token_bytes(PLACE_BYTES - 3)).decode()


def bent(token: str) -> str:
    """A true token with one character changed: each carries six bits of number or signature."""
    at = secrets.randbelow(len(token))
    other = secrets.choice([letter for letter in ALPHABET if letter != token[at]])
    return token[:at] + other + token[at + 1 :]


def forged_pass(sale: str, algorithm: str) -> str:
    """A pass as one would like it to read; `none` and EdDSA with a made-up signature."""
    claims = {"iss": "usher", "sub": "0" * 16, "sale": sale, "jti": "1", "iat": 1, "exp": 4_000_000_000}
    parts = [msgspec.json.encode({"alg": algorithm, "typ": "JWT"}), msgspec.json.encode(claims)]
    signature = b"" if algorithm == "none" else secrets.token_bytes(64)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


class Bot(Caller):
    """Faster than any browser and deaf to Retry-After; has one true place, which is not its turn."""

    abstract = True
    wait_time = constant(EVERY_S)
    place = ""

    def on_start(self) -> None:
        joined = self.ask("bot joins", "POST", f"/v1/sales/{self.load.sale}/places", body={})
        self.place = str(joined.body.get("place") or random_place())

    @property
    def showtime(self) -> str:
        return f"{self.load.sale}-s1"


class Forger(Bot):
    """Asks with places that nobody gave it."""

    @task(2)
    def look_with_a_random_place(self) -> None:
        path = f"/v1/sales/{self.load.sale}/place"
        self.must_be_refused("random place", "GET", path, bearer=random_place())

    @task(2)
    def look_with_a_bent_place(self) -> None:
        path = f"/v1/sales/{self.load.sale}/place"
        self.must_be_refused("bent place", "GET", path, bearer=bent(self.place))

    @task(2)
    def come_in_with_a_bent_place(self) -> None:
        path = f"/v1/sales/{self.load.sale}/pass"
        self.must_be_refused("pass for bent place", "POST", path, bearer=bent(self.place))

    @task
    def move_the_sale(self) -> None:
        path = f"/v1/sales/{self.load.sale}/open"
        self.must_be_refused("open as nobody", "POST", path, bearer=secrets.token_urlsafe(32), body={})


class Hammer(Bot):
    """Asks for seats again and again without having waited."""

    @task(4)
    def hold_without_a_pass(self) -> None:
        self.must_be_refused("hold, no pass", "POST", f"/v1/showtimes/{self.showtime}/holds", body=BEST)

    @task(2)
    def hold_with_a_place(self) -> None:
        path = f"/v1/showtimes/{self.showtime}/holds"
        self.must_be_refused("hold, place as pass", "POST", path, bearer=self.place, body=BEST)

    @task(2)
    def hold_with_a_forged_pass(self) -> None:
        forged = forged_pass(self.load.sale, secrets.choice(["none", "EdDSA", "HS256"]))
        path = f"/v1/showtimes/{self.showtime}/holds"
        self.must_be_refused("hold, forged pass", "POST", path, bearer=forged, body=BEST)

    @task
    def order_without_a_pass(self) -> None:
        body = {"hold": f"h-1-{secrets.token_hex(8)}"}
        self.must_be_refused("order, no pass", "POST", "/v1/orders", body=body)

    @task
    def pay_as_the_storefront(self) -> None:
        path = f"/v1/orders/o-1-{secrets.token_hex(8)}/payments"
        body = {"amount": 1, "currency": "CNY", "method": "card", "reference": "bot"}
        self.must_be_refused("pay as nobody", "POST", path, bearer=secrets.token_urlsafe(32), body=body)
