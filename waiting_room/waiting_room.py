"""The waiting room as the doors see it: join, ask how it stands, come in, leave.

Decisions are made in the store, each by one function of `lua/`. How a place stands is answered from this
worker's mirror alone; a decision made through this worker is entered there at once, so that its fan never
reads an older state.
"""

import asyncio
from contextlib import suppress
from typing import Final, Literal

import msgspec

from allocator.answers import SaleClosed, SalePaused
from allocator.sale import Sale, SaleState
from store.batcher import Decision
from store.connection import Store
from store.kept import Once
from store.unavailable import StoreUnavailable
from store.version import heard
from waiting_room import answers
from waiting_room.answers import BadToken, ExpiredPass, SeatsLeft, WrongSale
from waiting_room.keyring import Keyring
from waiting_room.line import Answer, Line
from waiting_room.mirror import Mirror, Sales
from waiting_room.pace import FirstPoll
from waiting_room.passes import Pass, Passes
from waiting_room.place import RANK_UNKNOWN, FanId, Place, PlaceSigner
from waiting_room.pulse import pulse
from waiting_room.status import first_poll, status, status_json

Verb = Literal["open", "pause", "resume", "close"]
FIRST_POLL_S: Final = 1.0
FINISH_EVERY_S: Final = 0.05
"""Stays that end because of an order are told together: nobody waits for it, and a call costs what ten do."""
FINISH_TIMEOUT_S: Final = 1.0


class WaitingRoom:
    """One process's waiting room. What changes the line raises StoreUnavailable when the store cannot
    decide."""

    def __init__(self, store: Store, secret: bytes) -> None:
        keyring = Keyring.derive(secret)
        self._line = Line(store)
        self._clock = store.clock
        self._signer = PlaceSigner(keyring.place, keyring.fan)
        self._passes = Passes(keyring.passes)
        self._finished: list[tuple[Sale, int]] = []
        self.mirror = Mirror(self._line)

    async def run(self, catalogue: Sales) -> None:
        """Keeps the mirror of all sales and hands over polls, until cancelled."""
        await self.mirror.run(catalogue)

    async def put_sale(self, sale: Sale) -> SaleState:
        """Write the rules of the sale; once it has opened, only capacity, shopping and claim time change."""
        word, state = await self._line.put_sale(sale)
        assert word == "PUT"
        await self.mirror.refresh(sale)
        found: SaleState = msgspec.convert(state, SaleState)
        return found

    async def move(self, sale: Sale, verb: Verb, reason: str = "") -> answers.MoveAnswer:
        """Open, pause, resume or close; fans read the reason. The same move again changes nothing."""
        word, *fields = await self._line.move(sale, verb, reason)
        if word == "UNKNOWN_SALE":
            return answers.UnknownSale()
        if word == "CANNOT_MOVE":
            return answers.CannotMove(fields[0])
        assert word in ("MOVED", "STANDS")
        await self.mirror.refresh(sale)
        return answers.Moved(fields[0], again=word == "STANDS")

    async def join(
        self, sale: Sale, account: str | None = None, once: Once | None = None
    ) -> answers.JoinAnswer:
        """A place at the end. The same account, or the same request of a guest, gets its living place
        again; the same request as long as its answer is kept that answer."""
        named: FanId | None = None
        if account is not None:
            named = self._signer.account_fan(account)
        elif once is not None:
            named = self._signer.request_fan(f"{sale.id}:{once.request}")
        first = first_poll(self.mirror.view(sale))
        note = None if once is None or named is None else (named.hex(), *first)
        answer = await self._line.join(sale, named, once, note)
        match answer:
            case ["UNKNOWN_SALE"]:
                return answers.UnknownSale()
            case ["SALE_CLOSED"]:
                return SaleClosed()
            case ["JOINED", entry, _]:
                fan = named if named is not None else self._signer.guest_fan(sale.serial, entry)
                answer = [*answer, (fan.hex(), *first)]
            case ["AGAIN", entry, drawn]:
                assert named is not None, "a guest without a key is new every time"
                answer = [*answer, self._stands(sale, self._place(sale, entry, drawn, named))]
                if once is not None:
                    answer = await self._line.keep(sale, once, answer)
        return self._joined(sale, answer)

    async def joined_before(self, sale: Sale, once: Once) -> answers.Joined | None:
        """What this request was answered before; it changes nothing."""
        found = await self._line.store.kept(sale.shard, once)
        if found is None:
            return None
        version, answer = found
        heard.set(version)
        assert isinstance(answer, list), "a join is answered by a word"
        return self._joined(sale, answer)

    def sign(self, place: Place) -> bytes:
        """The token of a place."""
        return self._signer.sign(place)

    def read_place(self, token: str | bytes, sale: Sale) -> Place | BadToken | WrongSale:
        """The place that a token of ours names, if it is of this sale."""
        return self._signer.read(token if isinstance(token, bytes) else _ascii(token), sale.serial)

    def status(self, sale: Sale, token: str | bytes) -> answers.PlaceStatus | BadToken | WrongSale:
        """How the place stands; asks no one. It marks a waiting fan as present."""
        place = self.read_place(token, sale)
        if not isinstance(place, Place):
            return place
        view = self.mirror.view(sale)
        view.hear(place)
        return status(view, place, self._signer.sign)

    def status_json(self, sale: Sale, token: bytes) -> bytes | BadToken | WrongSale:
        """`status` as the bytes to send, for the poll in front of the framework."""
        place = self._signer.read(token, sale.serial)
        if not isinstance(place, Place):
            return place
        return status_json(self.mirror.view(sale), place, self._signer.sign)

    def pulse(self, sale: Sale) -> bytes:
        """The public document of the sale, made at the last round of the mirror."""
        view = self.mirror.view(sale)
        return view.pulse or pulse(view)

    def tell_seats(self, sale: Sale, left: SeatsLeft) -> None:
        """What the next pulses of the sale say of its seats."""
        self.mirror.view(sale).left = left

    def state(self, sale: Sale) -> SaleState:
        """The state of the sale as the mirror has it."""
        return self.mirror.view(sale).state

    def counts(self, sale: Sale) -> answers.Counts:
        """The line in numbers, a quarter second old at most while the store answers."""
        view = self.mirror.view(sale)
        return answers.Counts(
            state=view.state,
            joined=view.joined_since,
            waiting=view.waiting,
            invited=len(view.invited),
            inside=len(view.inside),
            serving=view.serving,
        )

    async def claim(self, sale: Sale, place: Place) -> answers.ClaimAnswer:
        """The pass of an invited fan; asked again, the same pass while the sale's shopping time stays the
        same."""
        word, *fields = await self._line.claim(sale, place.entry)
        match word:
            case "INSIDE" | "ADMITTED":
                ends_ms, shopping_ms = fields
                return self._admitted(sale, place, ends_ms, shopping_ms, again=word == "INSIDE")
            case "SALE_CLOSED":
                return SaleClosed()
            case "SALE_PAUSED":
                return SalePaused(fields[0])
            case "UNKNOWN_SALE":
                return answers.UnknownSale()
        assert word == "NOT_YOUR_TURN"
        return answers.NotYourTurn(self.mirror.view(sale).where(place.entry))

    def read_pass(self, text: str, sale: Sale) -> Pass | BadToken | WrongSale | ExpiredPass:
        """The pass, if its time is not over. Whether it is used up, or given up, the allocator knows."""
        return self._passes.read(text, sale.id, self._clock.now_ms())

    async def finish(self, sale: Sale, entry: int) -> answers.Finished | answers.AlreadyGone:
        """The order of this entry is confirmed: it goes and makes room."""
        (word,) = await self._line.finish(sale, entry)
        return answers.Finished() if word == "FINISHED" else answers.AlreadyGone()

    def finish_soon(self, sale: Sale, entry: int) -> None:
        """The same a little later, waited for by nobody: where it is lost, the pass ends by itself."""
        if not self._finished:
            asyncio.get_running_loop().call_later(FINISH_EVERY_S, self._finish_all)
        self._finished.append((sale, entry))

    async def close(self) -> None:
        """Tells the stays that ended just now, and waits for that a little."""
        if told := self._finish_all():
            await asyncio.wait(told, timeout=FINISH_TIMEOUT_S)

    def _finish_all(self) -> list[Decision]:
        finished, self._finished = self._finished, []
        told = []
        for sale, entry in finished:
            # A full lane is that of one shard: sales of others are told.
            with suppress(StoreUnavailable):
                told.append(self._line.finish(sale, entry))
                told[-1].add_done_callback(_let_be)
        return told

    async def leave(self, sale: Sale, place: Place) -> answers.Left | answers.AlreadyGone:
        """The fan gives the place up; its account may join again at the end."""
        (word,) = await self._line.leave(sale, place.entry, place.fan_text)
        return answers.Left() if word == "LEFT" else answers.AlreadyGone()

    def jwks(self) -> bytes:
        """The public keys that passes verify with, for `/.well-known/jwks.json`."""
        return self._passes.jwks()

    def _place(self, sale: Sale, entry: int, drawn: int, fan: FanId) -> Place:
        """The place as the answer to a join tells it: with its rank if the sale had opened by then."""
        if drawn < 0:
            return Place(sale.serial, entry, RANK_UNKNOWN, fan)
        view = self.mirror.view(sale)
        view.set_drawn(drawn)
        rank = view.rank_of(entry)
        assert rank is not None, "it was drawn"
        return Place(sale.serial, entry, rank, fan)

    def _stands(self, sale: Sale, place: Place) -> tuple[str, str, float]:
        """Fan, state and next poll of an old place, which is present again."""
        view = self.mirror.view(sale)
        # A new place was marked present as it joined; an old one may have been called in its absence.
        view.hear(place)
        stands = status(view, place, self._signer.sign)
        poll_s = FIRST_POLL_S if stands.poll_in_s is None else stands.poll_in_s
        return place.fan_text, stands.state, poll_s

    def _joined(self, sale: Sale, answer: Answer) -> answers.Joined:
        """From the answer alone, so that it says the same whenever it is told."""
        word, entry, drawn, (fan, *told) = answer
        place = self._place(sale, entry, drawn, FanId(bytes.fromhex(fan)))
        state: answers.Where
        state, poll_in_s = told if word == "AGAIN" else ("waiting", FirstPoll(*told).of(entry))
        return answers.Joined(
            token=self._signer.sign(place).decode(),
            entry=entry,
            fan=fan,
            rank=None if place.rank == RANK_UNKNOWN else place.rank,
            state=state,
            poll_in_s=poll_in_s,
            again=word == "AGAIN",
        )

    def _admitted(
        self, sale: Sale, place: Place, ends_ms: int, shopping_ms: int, *, again: bool
    ) -> answers.Admitted:
        view = self.mirror.view(sale)
        view.invited.pop(place.entry, None)
        view.inside[place.entry] = ends_ms
        granted = Pass(
            sale=sale.id,
            fan=place.fan_text,
            entry=place.entry,
            # The end is rounded up to a whole second; a pass issued in the future is refused by verifiers.
            issued_ms=ends_ms - shopping_ms - 1000,
            expires_ms=ends_ms,
        )
        return answers.Admitted(text=self._passes.write(granted), expires_ms=ends_ms, again=again)


def _let_be(ended: Decision) -> None:
    """Hears of a failure, so that nobody is told that it was not heard."""
    if not ended.cancelled():
        ended.exception()


def _ascii(text: str) -> bytes:
    """Characters outside ASCII become question marks, which no token has."""
    return text.encode("ascii", "replace")
