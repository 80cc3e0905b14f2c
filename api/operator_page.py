"""The operator's screen: a page that knows nothing until an operator key is typed into it."""

from litestar import Response, get

from api.pages import IN_WORDS, AnyRequest, page


@get("/operator", include_in_schema=False, sync_to_thread=False, exception_handlers=IN_WORDS)
def operator_page(request: AnyRequest) -> Response[bytes]:
    """The same for everyone: what it shows it asks for with the key, which stays in the browser's tab."""
    return page(request, "operator.html")
