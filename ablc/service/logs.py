"""One line of JSON on standard error for each request and each event.

The lines go through the logger ablc.service, so that another server can send them elsewhere. No
line contains anything that a client sent: no path, no query, no address.
"""

import json
import logging
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

from ablc.errors import PaintWarning

log = logging.getLogger("ablc.service")


def log_event(event: str, **fields: object) -> None:
    """Log an event with these members.

    Logger.info is avoided: it looks up its caller, which takes as long as everything else here.
    """
    if log.isEnabledFor(logging.INFO):
        level = {"levelno": logging.INFO, "levelname": "INFO"}
        record = {"name": log.name, "msg": event, "fields": fields, **level}
        log.handle(logging.makeLogRecord(record))


class JsonFormatter(logging.Formatter):
    """Formats records as JSON objects; the attribute `fields` of a record adds members."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up() -> None:
    """Send the service's lines, and the warnings of libraries, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.captureWarnings(True)
    warnings.simplefilter("ignore", PaintWarning)  # it has the name of a network from a stream
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    for library in ("uvicorn.error", "python_multipart"):  # they warn of each bad request
        logging.getLogger(library).setLevel(logging.ERROR)
