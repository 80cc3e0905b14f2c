"""How many users there are at each moment: a spike at the open, a slow presale, a storm of bots."""

import time
from abc import abstractmethod
from typing import Final

from locust import LoadTestShape

from loadtests.load import ShapeName, calm_fans, current

EARLY_SHARE: Final = 0.4
SPIKE_S: Final = 2
RAMP_SHARE: Final = 2 / 3
Tick = tuple[int, float] | None


class Bounded(LoadTestShape):
    """Ends after the load's `run_s`; `users_at` is asked once a second."""

    abstract = True

    def tick(self) -> Tick:
        load = current()
        now_s = time.perf_counter() - self.start_time
        if now_s >= load.run_s:
            return None
        users, per_s = self.users_at(now_s / load.run_s, load.users)
        return min(max(users, 1), load.users), max(per_s, 1.0)

    @abstractmethod
    def users_at(self, done: float, users: int) -> tuple[int, float]:
        """Users and users a second when the share `done` of the run is over."""


class Spike(Bounded):
    """Some come early and wait; everyone else comes within SPIKE_S of the open."""

    def users_at(self, done: float, users: int) -> tuple[int, float]:
        if time.time() < current().opens_at_s:
            return int(users * EARLY_SHARE), users * EARLY_SHARE / SPIKE_S
        return users, users / SPIKE_S


class Presale(Bounded):
    """Ever more come, evenly, for two thirds of the run; then they stay."""

    def users_at(self, done: float, users: int) -> tuple[int, float]:
        return int(users * min(done / RAMP_SHARE, 1.0)), users / (RAMP_SHARE * current().run_s)


class Storm(Bounded):
    """A few fans shop in peace; in the middle third the bots come, then go."""

    def users_at(self, done: float, users: int) -> tuple[int, float]:
        return (users, users / SPIKE_S) if 1 / 3 <= done < 2 / 3 else (calm_fans(users), users / SPIKE_S)


SHAPES: Final[dict[ShapeName, type[Bounded]]] = {"spike": Spike, "presale": Presale, "storm": Storm}
