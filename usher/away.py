"""Why an engine cannot be reached, in words for people."""

from socket import gaierror
from urllib.parse import parse_qs, urlsplit


def why_away(error: BaseException) -> str:
    """The plain reason behind the error, or its own words where there is none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | FileNotFoundError):
            return "nothing listens there"
        if isinstance(cause, gaierror):
            return "there is no such host"
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and str(cause).startswith("Multiple exceptions"):
            return "nothing listens at any address of that host"
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


def shown(url: str) -> str:
    """An address without its user and password; that of a socket with its folder."""
    parts = urlsplit(url)
    folder = "".join(f"?host={host}" for host in parse_qs(parts.query).get("host", ()))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{folder}"
