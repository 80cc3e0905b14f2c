"""The peer: hold, order and payment on `FOR UPDATE SKIP LOCKED`, behind raw ASGI, on a Postgres tuned for it.

What its fans would ask for is done: prepared statements on connections that are never reset, one statement a
call, a partial index, pages with room, group commit. A hold may be lost when power is (an order flushes what
came before it); orders and payments are on disk before their answers. It is spared what Usher does besides:
neighbouring seats, no single seat left, the lapse of holds, settlement, stored answers, a waiting room,
public-key passes.
"""

import asyncio
import hashlib
import os
from typing import Any, Final

import asyncpg
import msgspec

from benchmarks.hall import CATEGORIES
from benchmarks.raw import answer, body_of
from usher.postgres_engine import PostgresEngine
from usher.process import Program
from waiting_room.place import Place, PlaceSigner

CONNECTIONS: Final = int(os.environ.get("BENCH_PEER_CONNECTIONS", "16"))
SEATS_PER_FAN: Final = 6
PRICE: Final = 5_300
SALE: Final = 1
KEY: Final = b"a key of thirty-two bytes or more"
HOLD: Final = "SELECT * FROM hold($1, $2, $3, $4, $5, $6, $7, $8)"
ORDER: Final = (
    "UPDATE orders SET state = 2 WHERE token = $1 AND fan = $2 AND state < 3 RETURNING amount, seats"
)
PAY: Final = "SELECT * FROM pay($1, $2, $3)"
TUNED: Final = {
    "shared_buffers": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_buffers": "64MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "off",
    "random_page_cost": "1.1",
    "track_activities": "off",
    "commit_delay": os.environ.get("BENCH_PEER_COMMIT_DELAY", "0"),
    "commit_siblings": "4",
}


class TunedPostgres(PostgresEngine):
    """Our Postgres with settings for this load; fsync, full pages and synchronous commit stay on."""

    def program(self) -> Program:
        given = super().program()
        more = [part for name, value in TUNED.items() for part in ("-c", f"{name}={value}")]
        return msgspec.structs.replace(given, argv=(*given.argv, *more))


class Best(msgspec.Struct):
    count: int
    category: str


class HoldBody(msgspec.Struct):
    best: Best


class OrderBody(msgspec.Struct):
    hold: str


class PaymentBody(msgspec.Struct):
    amount: int
    currency: str
    method: str
    reference: str


_hold = msgspec.json.Decoder(HoldBody)
_order = msgspec.json.Decoder(OrderBody)
_payment = msgspec.json.Decoder(PaymentBody)
_encode = msgspec.json.Encoder().encode


class Lines:
    """Connections with their statements prepared; whoever waits gets the one that was used last."""

    def __init__(self, *statements: str, sync: bool) -> None:
        self._statements = statements
        self._sync = sync
        self._idle: Any = None

    async def open(self, url: str) -> None:
        self._idle = asyncio.LifoQueue()
        settings = {"synchronous_commit": "on" if self._sync else "off"}
        for _ in range(CONNECTIONS):
            line = await asyncpg.connect(url, server_settings=settings)
            prepared = [await line.prepare(statement) for statement in self._statements]
            # A prepared statement leaves a transaction begun, with its locks, until something has run.
            await line.execute("SELECT 1")
            self._idle.put_nowait((line, prepared))

    async def row(self, statement: int, *args: Any) -> Any:
        taken = await self._idle.get()
        try:
            return await taken[1][statement].fetchrow(*args)
        finally:
            self._idle.put_nowait(taken)


class Shop:
    """The ASGI application."""

    def __init__(self) -> None:
        self._quick = Lines(HOLD, sync=False)
        self._durable = Lines(ORDER, PAY, sync=True)
        self._signer = PlaceSigner(KEY, KEY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path == "/":
            await answer(send, b"{}")
            return
        body = await body_of(receive)
        try:
            if path.endswith("/holds"):
                told = await self._take(scope, path, body)
            elif path.endswith("/payments"):
                told = await self._pay(path, body)
            else:
                told = await self._place(scope, body)
        except (asyncpg.RaiseError, LookupError, msgspec.MsgspecError) as error:
            await answer(send, _encode({"type": str(error)}), 409)
            return
        await answer(send, _encode(told), 201)

    async def _live(self, receive: Any, send: Any) -> None:
        url = os.environ["BENCH_PEER_POSTGRES_URL"]
        await receive()
        for lines in (self._quick, self._durable):
            await lines.open(url)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _take(self, scope: Any, path: str, body: bytes) -> dict[str, Any]:
        fan, key = self._fan(scope)
        best, show = _hold.decode(body).best, int(path.split("/")[3].rpartition("-")[2])
        token = hashlib.sha256(fan.encode() + key).hexdigest()[:20]
        category = CATEGORIES.index(best.category)
        asked = (token, SALE, show, category, fan, best.count, SEATS_PER_FAN, PRICE)
        seats, amount = await self._quick.row(0, *asked)
        named = [{"seat": seat, "category": best.category, "price": PRICE} for seat in seats]
        return {"hold": f"h-{show}-{token}", "seats": named, "amount": amount, "currency": "CNY"}

    async def _place(self, scope: Any, body: bytes) -> dict[str, Any]:
        fan, _ = self._fan(scope)
        show, _, token = _order.decode(body).hold.removeprefix("h-").partition("-")
        row = await self._durable.row(0, token, fan)
        if row is None:
            raise LookupError("unknown-hold")
        told = {"order": f"o-{show}-{token}", "state": "awaiting_payment", "seats": row["seats"]}
        return {**told, "amount": row["amount"], "currency": "CNY"}

    async def _pay(self, path: str, body: bytes) -> dict[str, Any]:
        order, paid = path.split("/")[3], _payment.decode(body)
        row = await self._durable.row(1, order.rpartition("-")[2], paid.reference, paid.amount)
        return {"order": order, "state": "confirmed", "durability": "settled", "tickets": row["out_seats"]}

    def _fan(self, scope: Any) -> tuple[str, bytes]:
        """The fan by a signed token, which is cheaper to read than a pass, and the Idempotency-Key."""
        headers = dict(scope["headers"])
        place = self._signer.read(headers[b"authorization"].removeprefix(b"Bearer "), SALE)
        if not isinstance(place, Place):
            raise LookupError("bad-token")
        return place.fan_text, headers[b"idempotency-key"]


app = Shop()
