"""Money in a rush: the storefront's call or a provider's signed event; some decline, some come too late."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from standardwebhooks.webhooks import Webhook

from usher.rush_door import Answer
from usher.rush_facts import Receipt
from usher.rush_scene import Scene
from usher.rush_shop import Bag, Placed
from usher.rush_temper import Temper

LATE_S: Final = 1.5
LOOKS_MAX: Final = 40


async def pay(scene: Scene, placed: Placed, bag: Bag, temper: Temper, dice: random.Random) -> bool:
    """True when the order is confirmed and the receipt noted."""
    scene.tape.orders.add(placed.order)
    if bag.manner == "never_pays":
        bag.manner = "buys"
        scene.tape.counts["orders never paid"] += 1
        await asyncio.sleep(placed.pay_s + 1)
        return False
    if bag.manner == "pays_late":
        scene.tape.counts["orders paid late"] += 1
        await asyncio.sleep(placed.pay_s + LATE_S)
    else:
        await asyncio.sleep(dice.uniform(0.05, 0.3))
    if temper.declines_first:
        scene.tape.counts["payments declined first"] += 1
        await _tell_provider(scene, placed, "payment.declined", "declined")
        await asyncio.sleep(dice.uniform(0.1, 0.4))
    if temper.by_provider:
        answer = await _tell_provider(scene, placed, "payment.succeeded", "paid")
    else:
        answer = await _tell_storefront(scene, placed)
    if answer.status not in (200, 201, 202, 204):
        scene.tape.counts[f"payment {answer.slug or answer.status}"] += 1
        return False
    return await _receipt(scene, placed, bag)


async def _tell_storefront(scene: Scene, placed: Placed) -> Answer:
    reference = f"rush-{placed.order}"
    return await scene.door.call(
        "pay",
        "POST",
        f"/v1/orders/{placed.order}/payments",
        bearer=scene.till.storefront_key,
        body=_payment(placed, reference),
        key=reference,
    )


async def _tell_provider(scene: Scene, placed: Placed, kind: str, what: str) -> Answer:
    """The provider's event; a repeat of it is the same event with the same id."""
    now = datetime.now(UTC)
    data = {"order": placed.order, **_payment(placed, f"{what}-{placed.order}")}
    content = msgspec.json.encode({"type": kind, "timestamp": now.isoformat(), "data": data})
    event = f"evt-{what}-{placed.order}"
    headers = {
        "webhook-id": event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(scene.till.signing).sign(event, now, content.decode()),
    }
    path = f"/v1/payments/{scene.till.provider}/events"
    return await scene.door.call("provider event", "POST", path, headers=headers, content=content)


def _payment(placed: Placed, reference: str) -> dict[str, Any]:
    return {"amount": placed.amount, "currency": placed.currency, "method": "card", "reference": reference}


async def _receipt(scene: Scene, placed: Placed, bag: Bag) -> bool:
    """Reads the order until it is confirmed; a client believes in seats only when it sees its tickets."""
    for _ in range(LOOKS_MAX):
        answer = await scene.door.call("read order", "GET", f"/v1/orders/{placed.order}", bearer=bag.pass_)
        state = answer.body.get("state")
        if state == "confirmed":
            seats = tuple(ticket["seat"] for ticket in answer.body["tickets"])
            token, amount = placed.order.removeprefix("o-"), answer.body["amount"]
            scene.tape.receipts.append(
                Receipt(order=token, showtime=placed.showtime, seats=seats, amount=amount)
            )
            return True
        if state != "awaiting_payment":
            break
        await asyncio.sleep(0.25)
    scene.tape.counts[f"paid, then {state or answer.slug}"] += 1
    return False
