"""The listening socket of the doors, opened before anything is started."""

import errno
import socket
from typing import Final

BACKLOG: Final = 2048


class PortTaken(Exception):
    """The port is in use; the message names it."""


class HostUnusable(Exception):
    """No such address on this machine; the message names it."""


def open_port(host: str, port: int, *, shared: bool) -> socket.socket:
    """A listening socket; `shared` lets other processes of this user listen beside us.

    Raises PortTaken, HostUnusable.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise HostUnusable(
                f"{host} is no address of this machine ({error.strerror}): set USHER_HOST to one it has, "
                "such as 127.0.0.1, or to 0.0.0.0 for all"
            ) from error
        raise PortTaken(
            f"Port {port} of {host} cannot be used ({error.strerror}): set USHER_PORT to another"
        ) from error
    listening.listen(BACKLOG)
    return listening
