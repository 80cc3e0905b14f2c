"""Runs a command of `usher` under cProfile from SIGUSR1 on, and writes at its end what was seen.

    python -m benchmarks.profiled FILE COMMAND ...

Starting a process compiles and imports for seconds, which would stand above all that the load costs.
"""

import cProfile
import signal
import sys

from usher.cli import main as usher


def main() -> None:
    file, sys.argv = sys.argv[1], ["usher", *sys.argv[2:]]
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    try:
        usher()
    finally:
        profile.disable()
        profile.dump_stats(file)


if __name__ == "__main__":
    main()
