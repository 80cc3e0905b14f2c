"""Keeps processes running: whatever dies is started again within two seconds, and said so.

One thread and one plain loop: the kernel ties a child's life to the thread that started it, and a supervisor
must not be able to hang on what it watches.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from msgspec import Struct

from usher.process import Program, exit_reason, start
from usher.run_folder import Addresses, RunFolder, Running, born

TICK_S: Final = 0.1
RESTART_DELAY_S: Final = 1.0
"""What died young is started again after this, what had lived `YOUNG_S` at once."""
YOUNG_S: Final = 5.0
STOP_TIMEOUT_S: Final = 15.0
NOTHING_TO_DO: Final = 3
"""Exit code of what is done once and was done before."""
SAID_MAX: Final = 5
"""After so many deaths in a row while young, only every tenth is said."""


class Role(Struct, frozen=True, kw_only=True):
    """One thing to keep running. Roles stop stage by stage, the lowest first."""

    program: Program
    stage: int
    answers: Callable[[], bool] | None = None
    once: bool = False
    """Done when it ends with exit code 0, or NOTHING_TO_DO; else it is started again like the others."""

    @property
    def name(self) -> str:
        return self.program.name


class Post(Struct, kw_only=True):
    """A role and the process that holds it now."""

    role: Role
    child: subprocess.Popen[bytes]
    born: str
    since: float
    due: float | None = None
    answered: bool = False
    deaths_young: int = 0


class DidNotStart(Exception):
    """A role did not answer in time or died before it did; the message names it."""


class Supervisor:
    """Starts roles, watches them and stops them all."""

    def __init__(self, run: RunFolder, say: Callable[[str], None]) -> None:
        self._run = run
        self._say = say
        self._posts: dict[str, Post] = {}
        self._asked_to_stop = 0

    def listen(self) -> None:
        """From here on Ctrl-C, SIGTERM and a closed terminal ask for a stop; asked twice, for a hasty one."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    @property
    def stopping(self) -> bool:
        return self._asked_to_stop > 0

    def pid(self, name: str) -> int:
        return self._posts[name].child.pid

    def start(self, role: Role) -> None:
        """Starts the role's process; from now on it is watched."""
        child = start(role.program)
        self._posts[role.name] = Post(role=role, child=child, born=born(child.pid), since=time.monotonic())
        self._write_down()

    def wait_answer(self, name: str, timeout_s: float) -> bool:
        """Waits until the role answers; False if a stop was asked for; raises DidNotStart."""
        post = self._posts[name]
        until = time.monotonic() + timeout_s
        while not self.stopping:
            code = post.child.poll()
            if code is not None:
                raise DidNotStart(f"{name} ended at once ({exit_reason(code)})")
            if post.role.answers is None or post.role.answers():
                post.answered = True
                return True
            if time.monotonic() > until:
                raise DidNotStart(f"{name} did not answer within {timeout_s:.0f} s")
            time.sleep(TICK_S / 5)
        return False

    def watch(self) -> None:
        """Looks at every process ten times a second until a stop is asked for."""
        while not self.stopping:
            self.look()

    def look(self) -> None:
        """One look at every process, and a tick's rest."""
        now = time.monotonic()
        for post in tuple(self._posts.values()):
            self._look_at(post, now)
        time.sleep(TICK_S)

    def stop(self) -> None:
        """Stops all, stage by stage; kills what takes too long, or all at once if asked a second time."""
        for stage in sorted({post.role.stage for post in self._posts.values()}):
            children = [post for post in self._posts.values() if post.role.stage == stage]
            for post in children:
                if post.child.poll() is None:
                    post.child.send_signal(post.role.program.stop)
            self._wait_for_end(children)
        self._posts.clear()
        self._run.clear()

    def write_addresses(self, addresses: Addresses) -> None:
        self._run.write_addresses(addresses)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1

    def _wait_for_end(self, posts: list[Post]) -> None:
        until = time.monotonic() + STOP_TIMEOUT_S
        while any(post.child.poll() is None for post in posts):
            if time.monotonic() > until or self._asked_to_stop > 1:
                for post in posts:
                    self._kill(post)
                return
            time.sleep(TICK_S / 5)

    def _kill(self, post: Post) -> None:
        if post.child.poll() is None:
            self._say(f"{post.role.name} did not stop (process {post.child.pid}) and was killed")
            post.child.kill()
            post.child.wait()

    def _look_at(self, post: Post, now: float) -> None:
        code = post.child.poll()
        if code is None:
            self._hear(post, now)
        elif code in (0, NOTHING_TO_DO) and post.role.once:
            del self._posts[post.role.name]
            if code == 0:
                self._say(f"{post.role.name} is done")
            self._write_down()
        elif post.due is None:
            young = now - post.since < YOUNG_S
            post.deaths_young = post.deaths_young + 1 if young else 0
            post.due = now + (RESTART_DELAY_S if young else 0.0)
        if post.due is not None and now >= post.due:
            self._start_again(post, now)

    def _start_again(self, post: Post, now: float) -> None:
        gone = f"{post.role.name} died (process {post.child.pid}, {exit_reason(post.child.returncode)})"
        try:
            post.child = start(post.role.program)
        except (OSError, subprocess.SubprocessError) as error:  # such as no memory: tried again after a delay
            self._say(f"{gone}; it could not be started: {error}")
            post.due = now + RESTART_DELAY_S
            return
        post.born, post.since, post.due, post.answered = born(post.child.pid), now, None, False
        self._write_down()
        if post.deaths_young <= SAID_MAX or post.deaths_young % 10 == 0:
            self._say(f"{gone}; started again as process {post.child.pid}")

    def _hear(self, post: Post, now: float) -> None:
        if not post.answered and post.role.answers is not None and post.role.answers():
            post.answered = True
            self._say(f"{post.role.name} answers again after {now - post.since:.1f} s")

    def _write_down(self) -> None:
        self._run.write_processes(
            {
                name: Running(pid=post.child.pid, born=post.born, stop=int(post.role.program.orphaned))
                for name, post in self._posts.items()
            }
        )
