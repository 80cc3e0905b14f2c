"""What must hold of the ledger after every test, read from the tables as any auditor could."""

from typing import Final

import asyncpg

WRONG: Final = {
    "an order is its tickets": """
        SELECT o.token FROM orders o LEFT JOIN tickets t USING (token) GROUP BY o.token
        HAVING coalesce(sum(t.amount), 0) <> o.gross OR count(t.n) <> o.seats""",
    "the tickets of an order live while it is confirmed": """
        SELECT o.token FROM orders o JOIN tickets t USING (token) WHERE t.live <> (o.state = 'confirmed')""",
    "a seat has one owner": """
        SELECT showtime, seat FROM tickets WHERE live GROUP BY showtime, seat HAVING count(*) > 1""",
    "the entries of a movement sum to zero": """
        SELECT token, cause FROM entries GROUP BY token, cause, currency HAVING sum(amount) <> 0""",
    "a confirmed order has moved its whole amount": """
        SELECT o.token FROM orders o LEFT JOIN movements m ON m.token = o.token AND m.cause = 'sold'
        WHERE o.state = 'confirmed' GROUP BY o.token HAVING coalesce(sum(m.amount), 0) <> o.amount""",
    "money due back has moved": """
        SELECT r.token FROM refunds r LEFT JOIN movements m
            ON m.token = r.token AND m.cause = 'owed/' || r.provider || '/' || r.reference
        GROUP BY r.provider, r.reference HAVING coalesce(sum(m.amount), 0) <> r.amount""",
    "money given back has moved back": """
        SELECT r.token FROM refunds r LEFT JOIN movements m
            ON m.token = r.token AND m.cause = 'sent/' || r.provider || '/' || r.reference
        GROUP BY r.provider, r.reference
        HAVING coalesce(sum(m.amount), 0) <> CASE r.state WHEN 'sent' THEN r.amount ELSE 0 END""",
    "what is owed to fans is what is due": """
        SELECT currency, owed, due FROM
            (SELECT e.currency, -sum(e.amount) AS owed FROM entries e JOIN accounts a ON a.id = e.account
             WHERE a.kind = 'refunds_due' GROUP BY e.currency) o
        FULL JOIN
            (SELECT currency, sum(amount) AS due FROM refunds WHERE state = 'due' GROUP BY currency) d
            USING (currency)
        WHERE coalesce(owed, 0) <> coalesce(due, 0)""",
    "nothing is written ahead of its cursor": """
        SELECT o.token FROM orders o LEFT JOIN cursors c USING (shard)
        WHERE o.version > coalesce(c.version, 0)""",
}
"""What must hold -> a query for what contradicts it."""


async def the_books_are_in_order(connection: asyncpg.Connection) -> None:
    """Orders are their tickets, seats have one owner, and money adds up."""
    for sentence, query in WRONG.items():
        rows = await connection.fetch(query)
        assert not rows, f"{sentence}: not so for {[tuple(row) for row in rows[:5]]}"
