"""Gives back what the crowd paid too late or twice on purpose, so that nothing is owed because of a rush."""

from typing import Final

from usher.rush_door import Door
from usher.rush_sale import check

DUE: Final = "/v1/refunds?state=due"


async def give_back(door: Door, key: str, orders: set[str]) -> int:
    """Tells of every refund due for one of the orders that it was sent, and how many they were.

    Only what the writer has brought to Postgres is due. Raises CannotDelegate when the doors refuse.
    """
    sent, after = 0, ""
    while True:
        path = f"{DUE}&after={after}" if after else DUE
        page = await door.call("list refunds", "GET", path, bearer=key)
        check(page, "list of refunds")
        for refund in page.body["refunds"]:
            if refund["order"] in orders:
                body = {"provider": refund["provider"], "reference": refund["reference"]}
                check(
                    await door.call("refund sent", "POST", "/v1/refunds/sent", bearer=key, body=body),
                    "refund",
                )
                sent += 1
        after = page.body.get("next", "")
        if not after:
            return sent
