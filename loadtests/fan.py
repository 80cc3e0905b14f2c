"""Fans who keep the rules: they join, poll as told, come in, shop, sometimes leave, and pay."""

import random
import time
from typing import Any, Final

from locust import between, task

from loadtests.door import Caller
from usher.rush_choice import layout_of, pick_block, pick_category, pick_showtime, smaller
from usher.rush_door import Answer
from usher.rush_fan import entry_of_place
from usher.rush_sale import plan_of
from usher.rush_temper import MANNERS, Manner, chance

ATTEMPTS_MAX: Final = 6
LOOKS_MAX: Final = 20
LOOK_EVERY_S: Final = 0.25
EXACT_SHARE: Final = 0.4
LATE_S: Final = 1.5
LAYOUT: Final = layout_of(plan_of(None, None).plan)
ASK_ELSE: Final = frozenset({"seats-taken", "no-fit", "sold-out", "leaves-single", "over-limit"})
ENDED: Final = frozenset({"sale-closed", "bad-token", "pass-used-up"})
"""A slow shopper's pass ends, and is then no longer valid; that is the rule, not a failure."""
TOO_LATE: Final = frozenset({"hold-expired", "late-refunded", "unknown-order"}) | ENDED


class Visit:
    """A fan with a pass: what it wants and how often it has asked."""

    def __init__(self, pass_: str, entry: int, manner: Manner, dice: random.Random, seats_max: int) -> None:
        self.pass_ = pass_
        self.manner = manner
        self.dice = dice
        self.party = min(dice.choices((1, 2, 3, 4), (1, 5, 2, 2))[0], seats_max)
        self.exact = dice.random() < EXACT_SHARE
        self._entry = entry
        self._keys = 0

    def key(self) -> str:
        """A fresh Idempotency-Key: a new wish, not a repeat of an old one."""
        self._keys += 1
        return f"load-{self._entry}-{self._keys}-{self.pass_[-16:]}"


class Fan(Caller):
    """Each life is a new guest: who has bought or given up comes back as somebody else."""

    wait_time = between(0.5, 2.0)

    @task
    def live(self) -> None:
        began = time.perf_counter()
        joined = self.ask("join", "POST", f"/v1/sales/{self.load.sale}/places", body={}, fine=ENDED)
        if joined.status not in (200, 201):
            return
        place = str(joined.body["place"])
        entry = entry_of_place(place)
        dice = chance(self.load.seed, entry)
        manner = dice.choices([word for word, _ in MANNERS], [share for _, share in MANNERS])[0]
        invited = self.stand(place, manner)
        if invited is None:
            return
        passed = self.ask(
            "pass",
            "POST",
            f"/v1/sales/{self.load.sale}/pass",
            bearer=invited,
            fine=frozenset({"not-your-turn"}) | ENDED,
        )
        if passed.status in (200, 201):
            visit = Visit(str(passed.body["pass"]), entry, manner, dice, self.load.seats_per_fan)
            self.shop(visit, began)

    def stand(self, place: str, manner: Manner) -> str | None:
        """The place once invited; None when the invitation was missed, the sale ended or the fan left."""
        polls = 0
        while True:
            answer = self.ask("place", "GET", f"/v1/sales/{self.load.sale}/place", bearer=place)
            state = answer.body.get("state")
            if state in ("invited", "inside"):
                return place
            if state != "waiting" or (manner == "walks_off" and polls):
                return None
            polls += 1
            place = str(answer.body.get("place", place))
            time.sleep(float(answer.body["poll_in_s"]))

    def shop(self, visit: Visit, began: float) -> None:
        """Until an order is settled, nothing is left, or the fan is tired of asking."""
        for _ in range(ATTEMPTS_MAX):
            show = self._showtime(visit)
            wish = self._wish(show, visit) if show else None
            if wish is None:
                return
            time.sleep(visit.dice.uniform(0.1, 0.8))
            held = self.ask(
                "hold",
                "POST",
                f"/v1/showtimes/{show}/holds",
                bearer=visit.pass_,
                body=wish,
                key=visit.key(),
                fine=ASK_ELSE | ENDED,
            )
            if held.status == 201:
                self._keep(str(held.body["hold"]), visit, began)
            if held.slug not in ASK_ELSE:
                return
            if held.slug in ("no-fit", "over-limit"):
                visit.party = max(1, smaller(visit.party, held.body))
            visit.exact = False

    def _showtime(self, visit: Visit) -> str | None:
        listed = self.ask("showtimes", "GET", f"/v1/showtimes?sale={self.load.sale}")
        items: list[dict[str, Any]] = listed.body.get("items") or listed.body.get("showtimes") or []
        return pick_showtime({item["showtime"]: item["free"] for item in items}, visit.dice)

    def _wish(self, show: str, visit: Visit) -> dict[str, Any] | None:
        """Seats by name from the map that the fan saw, or the best of a category; None for a full hall."""
        seen = self.ask("seats", "GET", f"/v1/showtimes/{show}/seats")
        taken = frozenset(seen.body.get("taken", ()))
        category = pick_category(LAYOUT, taken, visit.dice)
        if category is None:
            return None
        block = pick_block(LAYOUT, taken, visit.party, visit.dice) if visit.exact else ()
        if block:
            return {"seats": list(block)}
        return {"best": {"count": visit.party, "category": category, "split": False}}

    def _keep(self, hold: str, visit: Visit, began: float) -> None:
        """Makes the hold an order and pays it, or does what this fan's manner is with it."""
        if visit.manner == "lets_lapse":
            return
        time.sleep(visit.dice.uniform(0.1, 0.8))
        if visit.manner == "releases":
            self.ask("release", "DELETE", f"/v1/holds/{hold}", bearer=visit.pass_, fine=ENDED)
            return
        ordered = self.ask(
            "order",
            "POST",
            "/v1/orders",
            bearer=visit.pass_,
            body={"hold": hold},
            key=visit.key(),
            fine=TOO_LATE,
        )
        if ordered.status not in (200, 201) or visit.manner == "never_pays":
            return
        late = visit.manner == "pays_late"
        time.sleep(self.load.pay_s + LATE_S if late else visit.dice.uniform(0.1, 0.5))
        if self._pay(ordered, late).status in (200, 201):
            self._receive(str(ordered.body["order"]), visit, began)

    def _pay(self, ordered: Answer, late: bool) -> Answer:
        """The storefront's word that it took the money; it holds the key, the fan does not."""
        order = str(ordered.body["order"])
        money = {name: ordered.body[name] for name in ("amount", "currency")}
        return self.ask(
            "pay",
            "POST",
            f"/v1/orders/{order}/payments",
            bearer=self.storefront_key,
            body={**money, "method": "card", "reference": f"load-{order}"},
            key=f"load-{order}",
            fine=TOO_LATE if late else frozenset(),
        )

    def _receive(self, order: str, visit: Visit, began: float) -> None:
        """Reads the order until it has tickets: a paid order without them is a failure."""
        for _ in range(LOOKS_MAX):
            read = self.ask("read order", "GET", f"/v1/orders/{order}", bearer=visit.pass_, fine=ENDED)
            if read.slug in ENDED:
                return
            if read.body.get("state") == "confirmed" and read.body.get("tickets"):
                self.note("bought", (time.perf_counter() - began) * 1000)
                return
            time.sleep(LOOK_EVERY_S)
        self.note("bought", (time.perf_counter() - began) * 1000, "paid, and no tickets")
