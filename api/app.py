"""Builds the application: routes, strict requests, problems for what goes wrong, what stands in front."""

from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler
from prometheus_client import CollectorRegistry

from api import (
    action_log,
    alarms,
    check_ins,
    complaints,
    contracts,
    fans_pages,
    halls,
    health,
    history,
    holds,
    jwks,
    metrics,
    moves,
    operator_page,
    order_pages,
    orders,
    pages,
    payments,
    places,
    plans,
    problem_pages,
    refunds,
    sales,
    seats,
    settlements,
    showtimes,
    test_provider,
    troubles,
)
from api.access_log import AccessLog
from api.doors import Doors
from api.house import House
from api.idempotency import Idempotency
from api.meter import Meter, Tally, trace_of
from api.pressure import Pressure
from api.problems import Refusal, Refused, response
from api.refusals import (
    BadRequest,
    IdempotencyMismatch,
    NoSuchPage,
    OurFault,
    StoreAway,
    TooLarge,
    WrongMethod,
)
from api.replies import tell_version
from api.requests import StrictRequest
from api.rooms import Rooms
from api.schema import describe_problems, openapi
from api.settings import ApiSettings
from api.teller import Teller
from api.turnstiles import Turnstiles
from api.wicket import Wicket
from store.kept import OtherBody
from store.unavailable import StoreUnavailable

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    plans.put_plan,
    sales.put_sale,
    sales.get_sale,
    sales.list_sales,
    moves.open_sale,
    moves.pause_sale,
    moves.resume_sale,
    moves.close_sale,
    moves.put_capacity,
    halls.get_halls,
    halls.get_board,
    history.get_history,
    action_log.list_actions,
    troubles.list_troubles,
    alarms.close_alarm,
    showtimes.put_showtime,
    showtimes.list_showtimes,
    showtimes.get_showtime,
    showtimes.get_plan,
    seats.get_seats,
    showtimes.reclaim,
    places.join,
    places.pulse,
    places.place_status,
    places.claim,
    places.leave,
    holds.hold,
    holds.release,
    orders.place_order,
    orders.get_order,
    payments.pay,
    payments.payment_event,
    refunds.get_refunds,
    refunds.refund_sent,
    settlements.get_settlement,
    contracts.put_contract,
    contracts.list_contracts,
    jwks.jwks,
    jwks.ticket_key,
    check_ins.check_in_ticket,
    health.live,
    health.ready,
    metrics.metrics,
    problem_pages.explain,
    fans_pages.list_page,
    fans_pages.sale_page,
    order_pages.order_page,
    order_pages.ticket_picture,
    operator_page.operator_page,
    pages.page_file,
    test_provider.ask_for_money,
    test_provider.press,
)
log = structlog.get_logger("usher.api")


def create_app(settings: ApiSettings, pressure: Pressure | None = None) -> Doors:
    """The ASGI application of one worker; its lifespan connects the rooms.

    `pressure` is that of the server in front, told among the metrics.
    """
    house, registry = House(settings), CollectorRegistry()
    tally, lines = Tally(registry, settings.worker), AccessLog(settings.worker)
    if pressure is not None:
        registry.register(pressure)
    inner = Litestar(
        route_handlers=ROUTES,
        lifespan=[house.lifespan, Teller(house, tally).lifespan],
        request_class=StrictRequest,
        request_max_body_size=settings.limits.body_bytes_max,
        exception_handlers={
            Refused: on_refused,
            StoreUnavailable: on_store_unavailable,
            OtherBody: on_other_body,
            HTTPException: on_http_exception,
            Exception: on_fault,
        },
        before_send=[tell_version],
        openapi_config=openapi(),
        state=State({"house": house, "registry": registry, "gauges": metrics.Gauges(registry)}),
        dependencies={"rooms": Provide(rooms_of, sync_to_thread=False)},
        logging_config=None,
        on_app_init=[plain],
        on_shutdown=[lines.write],
    )
    describe_problems(inner)
    layers = Meter(Idempotency(Turnstiles(inner, house), house), tally, lines)
    return Doors(layers, house, tally.count, Wicket(house, tally, lines))


def rooms_of(state: State) -> Rooms:
    """What a route means by `rooms`; `store-unavailable` while they are closed."""
    house: House = state.house
    return house.rooms


def plain(config: AppConfig) -> AppConfig:
    """Never the framework's debug pages."""
    config.debug = False
    return config


def on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    return response(error.refusal)


def on_store_unavailable(_: Request[Any, Any, Any], error: StoreUnavailable) -> Response[bytes]:
    return response(StoreAway())


def on_other_body(_: Request[Any, Any, Any], error: OtherBody) -> Response[bytes]:
    return response(IdempotencyMismatch())


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    refusal = refusal_of(error, request)
    return pages.problem_page(request, refusal) if isinstance(refusal, NoSuchPage) else response(refusal)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What no caller can answer; the log has the trace, the caller has a problem."""
    log.error("fault", route=request.scope.get("path_template"), trace=trace_of(error))
    return response(OurFault())


def refusal_of(error: HTTPException, request: Request[Any, Any, Any]) -> Refusal:
    """The framework's own refusals in our words."""
    match error.status_code:
        case 404:
            return NoSuchPage()
        case 405:
            return WrongMethod()
        case 413:
            return TooLarge(limit_bytes=request.route_handler.resolve_request_max_body_size() or 0)
        case status if status >= 500:
            log.error("fault", route=request.scope.get("path_template"), trace=trace_of(error))
            return OurFault()
        case _:
            return BadRequest(why=why_of(error, request))


def why_of(error: HTTPException, request: Request[Any, Any, Any]) -> str:
    """The place of the fault as far as the framework knows it, without what was sent."""
    extra = getattr(error, "extra", None)
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        key, said = extra[0].get("key", "The request"), extra[0].get("message", error.detail)
        return complaints.of_parameter(request.route_handler, key, str(said))
    return str(error.detail)[:300]
