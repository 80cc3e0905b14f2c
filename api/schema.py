"""OpenAPI 3.1, made from the routes; every call may answer with a problem."""

from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    PathItem,
    Schema,
    SecurityScheme,
)

from api.problems import MEDIA_TYPE

TEXT = Schema(type=OpenAPIType.STRING)
VERSION = OpenAPIHeader(
    description="`shard:epoch.turn.place` of the decision: the numbers order the decisions of a shard,"
    " refusals too. A repeat by its Idempotency-Key has that of the first answer; absent without a decision.",
    schema=TEXT,
)
PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    required=["type", "title", "status", "detail", "next"],
    properties={
        "type": TEXT,
        "title": TEXT,
        "status": Schema(type=OpenAPIType.INTEGER),
        "detail": TEXT,
        "next": TEXT,
    },
    additional_properties=True,
)


def openapi() -> OpenAPIConfig:
    """The document is at `/schema`, as JSON; no page that loads scripts from elsewhere."""
    return OpenAPIConfig(
        title="Usher",
        version="1",
        description="On-sale service for blockbuster cinema pre-sales.",
        path="/schema",
        render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")},
        ),
    )


def describe_problems(app: Litestar) -> None:
    """Puts our problem document in the place of the framework's own error, at every call."""
    for path in (app.openapi_schema.paths or {}).values():
        for call in calls_of(path):
            responses = {status: told for status, told in (call.responses or {}).items() if status != "400"}
            responses["default"] = OpenAPIResponse(
                description="A problem (RFC 9457); its `type` ends in a stable word.",
                content={MEDIA_TYPE: OpenAPIMediaType(schema=PROBLEM)},
            )
            if call is not path.get:
                for told in responses.values():
                    assert isinstance(told, OpenAPIResponse), "a response is no reference"
                    told.headers = {**(told.headers or {}), "Usher-Version": VERSION}
            call.responses = responses


def calls_of(path: PathItem) -> list[Operation]:
    return [call for call in (path.get, path.put, path.post, path.delete) if call is not None]
