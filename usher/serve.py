"""One API process: the doors on a listening socket."""

import asyncio
import socket
from typing import Any, Final, Literal

import uvicorn

from api import threshold
from api.app import create_app
from api.pressure import Pressure
from api.settings import ApiSettings
from usher.garbage import collect_seldom
from usher.settings import Settings

KEEP_ALIVE_S: Final = 75
STOP_TIMEOUT_S: Final = 5


def serve(settings: Settings, listening: socket.socket, worker: str) -> None:
    """Serves until asked to stop; requests under way may end first."""
    collect_seldom()
    pressure = Pressure(worker, settings.calls_max, settings.root_path)
    app = create_app(api_settings(settings, worker), pressure)
    config = config_of(app, settings.root_path, threshold.before(pressure, app))
    uvicorn.Server(config).run(sockets=[listening])


def config_of(
    app: Any, root_path: str = "", protocol: type[asyncio.Protocol] | Literal["httptools"] = "httptools"
) -> uvicorn.Config:
    """How every server of ours runs an ASGI application, the bare ones of the benchmarks included."""
    return uvicorn.Config(
        app,
        http=protocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        root_path=root_path,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )


def api_settings(settings: Settings, worker: str) -> ApiSettings:
    """What the doors need to know of our settings."""
    return ApiSettings(
        store_url=settings.valkey_url,
        postgres_url=settings.postgres_url,
        secret=settings.secret.encode(),
        storefront_key=settings.storefront_key,
        operator_key=settings.operator_key,
        cinema_key=settings.cinema_key,
        door_key=settings.door_key,
        shards=settings.shards,
        identity_jwks=settings.identity_jwks,
        providers=settings.providers,
        test_provider=settings.test_provider,
        base_url=settings.base_url,
        root_path=settings.root_path,
        worker=worker,
    )
