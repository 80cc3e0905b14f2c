"""The command line: every command does one thing, or says in one sentence why it cannot."""

import os
import signal
import socket
import sys
from typing import Final, NoReturn

import click

from usher.data_folder import DataFolderUnusable
from usher.settings import BadSetting, Settings, read_settings
from usher.supervisor import NOTHING_TO_DO

FAILED: Final = 1
PORT_TAKEN: Final = 2
COMMANDS: Final = ("up", "api", "writer", "admit", "rush", "rebuild", "doctor")
LATER: Final = {"rush": "usher.rush", "doctor": "usher.doctor", "rebuild": "usher.rebuild"}
"""Commands that live in a module of their own."""


class Commands(click.Group):
    """Loads a command's module only when it is asked for, so that `usher up` starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        command: click.Command = getattr(import_module(LATER[cmd_name]), cmd_name)
        return command


@click.group(cls=Commands)
@click.version_option(package_name="usher")
def main() -> None:
    """Sells the seats of blockbuster cinema premieres. Settings come from the environment; see README."""


@main.command()
def up() -> None:
    """Start everything: engines, doors, writer, batch clock.

    Engines are embedded unless addresses are given; Ctrl-C stops everything, the orders stay.
    """
    from rich.console import Console

    from usher.port import PortTaken, open_port
    from usher.up import FAILURES, Up

    settings = settings_or_exit(make=False)
    try:
        if not settings.data.exists():  # A start that is refused for its port leaves no new folder.
            open_port(settings.host, settings.port, shared=False).close()
        Up(settings_or_exit(), Console()).run()
    except PortTaken as error:
        give_up(str(error), PORT_TAKEN)
    except (DataFolderUnusable, *FAILURES) as error:
        give_up(str(error))


@main.command()
@click.option("--worker", default="1", help="Tells this process from its siblings in metrics and logs.")
@click.option("--fd", type=int, help="A listening socket to serve on, instead of USHER_PORT.")
def api(worker: str, fd: int | None) -> None:
    """Serve the doors from one process; several may share the port."""
    from usher.log_lines import write_log_lines
    from usher.port import HostUnusable, PortTaken, open_port
    from usher.serve import serve

    settings = settings_with_engines()
    write_log_lines(f"api-{worker}", settings.log_level)
    if fd is None:  # otherwise `usher up` has looked
        hold_to_shards_or_exit(settings)
    try:
        listening = socket.socket(fileno=fd) if fd else open_port(settings.host, settings.port, shared=True)
    except PortTaken as error:
        give_up(str(error), PORT_TAKEN)
    except HostUnusable as error:
        give_up(str(error))
    serve(settings, listening, worker)


@main.command()
def writer() -> None:
    """Write every order to Postgres and open the gates."""
    from ledger.shards import OtherShards
    from usher.log_lines import write_log_lines
    from usher.work import run_writer

    settings = settings_with_engines()
    write_log_lines("writer", settings.log_level)
    try:
        run_writer(settings)
    except OtherShards as error:
        give_up(str(error))


@main.command()
def admit() -> None:
    """Run the batch clock: call fans in, give back lapsed holds."""
    from usher.log_lines import write_log_lines
    from usher.work import run_admit

    settings = settings_with_engines()
    write_log_lines("admit", settings.log_level)
    run_admit(settings)


@main.command(hidden=True)
def demo() -> None:
    """Delegate the demo premiere to the doors of this machine; once is enough."""
    import asyncio

    from usher.demo import load_demo

    settings = settings_or_exit()
    if not asyncio.run(load_demo(settings.local_url, settings.storefront_key, settings.operator_key)):
        sys.exit(NOTHING_TO_DO)


def settings_or_exit(*, make: bool = True) -> Settings:
    try:
        return read_settings(os.environ, make=make)
    except (BadSetting, DataFolderUnusable) as error:
        give_up(str(error))


def settings_with_engines(*, make: bool = True) -> Settings:
    """The settings, with the engines' addresses from the environment or from the `usher up` of the folder.

    Without `make` the data folder stays as it is.
    """
    from msgspec.structs import replace

    from usher.run_folder import RunFolder

    settings = settings_or_exit(make=False)
    running = RunFolder(settings.folder.run).addresses()
    valkey_url = settings.valkey_url or (running.valkey_url if running else "")
    postgres_url = settings.postgres_url or (running.postgres_url if running else "")
    if not valkey_url or not postgres_url:
        missing = "USHER_POSTGRES_URL" if valkey_url else "USHER_VALKEY_URL"
        give_up(
            f"Usher is not running on {settings.data}: `make up` starts it; "
            f"with engines of your own, set {missing}"
        )
    return replace(settings_or_exit() if make else settings, valkey_url=valkey_url, postgres_url=postgres_url)


def hold_to_shards_or_exit(settings: Settings) -> None:
    """Ends the process whose USHER_SHARDS is not what the first start kept, where Postgres can tell."""
    import asyncio

    from ledger.shards import OtherShards, hold_to_shards
    from ledger.trouble import POSTGRES_TROUBLE

    try:
        asyncio.run(hold_to_shards(settings.postgres_url, settings.shards))
    except OtherShards as error:
        give_up(str(error))
    except POSTGRES_TROUBLE:
        return  # The database is empty, or away: the writer looks, too.


def give_up(sentence: str, code: int = FAILED) -> NoReturn:
    """Says one sentence on standard error and ends with the code."""
    click.echo(f"usher: {sentence}", err=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)
