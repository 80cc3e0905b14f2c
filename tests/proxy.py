"""A TCP proxy between a client and a server that loses replies on demand."""

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

CHUNK_BYTES: Final = 65_536


class LossyProxy:
    """Passes everything on, except that the next `losses` replies to a request holding `marked` are lost.

    The server has executed such a request; its client sees a closed connection, or silence if `silent`.
    """

    def __init__(self, target_url: str, marked: bytes) -> None:
        self.losses = 0
        self.silent = False
        self._target = urlsplit(target_url)
        self._marked = marked
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen; the URL to connect to instead of the target."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"valkey://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self._target.scheme == "unix":
            upstream = await asyncio.open_unix_connection(self._target.path)
        else:
            upstream = await asyncio.open_connection(self._target.hostname, self._target.port)
        with suppress(ConnectionError, asyncio.CancelledError):
            while request := await reader.read(CHUNK_BYTES):
                upstream[1].write(request)
                reply = await upstream[0].read(CHUNK_BYTES)
                if self._marked not in request or self.losses == 0:
                    writer.write(reply)
                    continue
                self.losses -= 1
                if not self.silent:
                    break
        upstream[1].close()
        writer.close()
        self._tasks.discard(task)
