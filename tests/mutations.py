"""All planted bugs, room by room."""

from typing import Final

from tests.mutation import Mutation
from tests.mutations_allocator import ALLOCATOR
from tests.mutations_ledger import LEDGER
from tests.mutations_store import STORE
from tests.mutations_waiting_room import WAITING_ROOM

MUTATIONS: Final[tuple[Mutation, ...]] = (*STORE, *ALLOCATOR, *WAITING_ROOM, *LEDGER)
