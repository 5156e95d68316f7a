"""One line of JSON on standard error for every request and every event of note.

They go through the logger ablc.service, so that another server may send them elsewhere. No line
holds what a client sent: no path, no query, no address.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("ablc.service")


def note(event: str, **fields: object) -> None:
    """Logs an event with these members.

    Logger.info would look up who calls, which takes as long as all the rest.
    """
    if log.isEnabledFor(logging.INFO):
        level = {"levelno": logging.INFO, "levelname": "INFO"}
        record = {"name": log.name, "msg": event, "fields": fields, **level}
        log.handle(logging.makeLogRecord(record))


class Lines(logging.Formatter):
    """Records as JSON objects; an attribute `fields` adds members."""

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
    """Sends the service's lines, and what libraries warn of, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    for library in ("uvicorn.error", "python_multipart"):  # they warn of every bad request
        logging.getLogger(library).setLevel(logging.ERROR)
