"""Logs are JSON, one line an event, without personal data; they go to standard output."""

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from usher.settings import LogLevel


def write_log_lines(process: str, level: LogLevel) -> None:
    """Sets up structlog, and sends what libraries log the same way."""
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Local variables would carry tokens and accounts into the log.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(stream=sys.stdout, level=max(least, logging.WARNING), format="%(name)s: %(message)s")
