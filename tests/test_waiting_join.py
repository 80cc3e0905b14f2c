"""A join that comes again under its Idempotency-Key."""

from store.kept import DIGEST_BYTES, Once
from tests.kept_answers import forget
from tests.queueing import Queue
from waiting_room.answers import Joined


async def test_the_same_request_of_a_guest_is_the_same_place(q: Queue) -> None:
    one, two = (Once(name * 32, b"0" * DIGEST_BYTES, ttl_s=60) for name in "ab")
    first, again = [await q.room.join(q.sale, once=one) for _ in range(2)]
    await forget(q.store)
    anew, other = [await q.room.join(q.sale, once=once) for once in (one, two)]
    assert isinstance(first, Joined)
    assert isinstance(anew, Joined)
    assert isinstance(other, Joined)
    assert first == again
    assert (first.token, first.again, anew.again) == (anew.token, False, True)
    assert other.entry != first.entry


async def test_a_repeat_is_told_what_the_place_was_then(q: Queue) -> None:
    """Whatever became of it, the request of a new place and of an old one have each their first answer."""
    once = {name: Once(name * 32, b"0" * DIGEST_BYTES, ttl_s=60) for name in "ab"}
    told = {name: await q.room.join(q.sale, "ada", once[name]) for name in "ab"}
    assert [joined.again for joined in told.values() if isinstance(joined, Joined)] == [False, True]
    await q.room.move(q.sale, "open")
    await q.tick()
    await q.room.mirror.refresh(q.sale)
    fresh = await q.room.join(q.sale, "ada")
    assert isinstance(fresh, Joined)
    assert (fresh.state, fresh.rank) == ("invited", 0)
    for name, first in told.items():
        assert await q.room.join(q.sale, "ada", once[name]) == first
        assert await q.room.joined_before(q.sale, once[name]) == first
