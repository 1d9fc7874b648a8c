"""JSON lines on standard error, without personal data."""

import logging
import logging.config
import os
import re
from typing import Any

import structlog

# What opens something to whoever reads it: links for signing and verifying, reset keys, passes in queries.
SECRET = re.compile(
    r"(/(?:s|v|join)/)[\w-]{8,}|(/)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}|([?&](?:pass|token|code|key|state)=)[^&\s\"']+"
)


def without_secrets(text: str) -> str:
    return SECRET.sub(lambda found: next(part for part in found.groups() if part) + "…", text)


def hide_secrets(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Tokens are cut from whatever any line says, ours or a library's, its traceback included."""
    return {name: without_secrets(value) if isinstance(value, str) else value for name, value in event.items()}


class Brief(logging.Filter):
    """A stranger's mistake is one line: where in Django it was noticed helps nobody, and he may repeat it all day."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return True


def configure_logs() -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    level = os.environ.get("YIZHAN_LOG_LEVEL", "INFO").upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        hide_secrets,
                        structlog.processors.JSONRenderer(ensure_ascii=False),
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "filters": {"brief": {"()": Brief}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "procrastinate": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"filters": ["brief"]},
                "psycopg.pool": {"level": "ERROR"},
                "_granian": {"level": "WARNING"},
                "granian": {"level": "WARNING"},
            },
        }
    )
