"""Numbers for Prometheus."""

from typing import Any

from litestar import Request, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


@get("/metrics", operation_id="metrics", tags=["health"], include_in_schema=True)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What this worker counted, and what the store holds now."""
    state = request.app.state
    return Response(generate_latest(state.registry), media_type=CONTENT_TYPE_LATEST)
