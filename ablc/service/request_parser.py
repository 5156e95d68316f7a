"""The parser of requests: httptools', except that it ignores requests to switch protocols.

A client may ask, in the header Upgrade, to speak HTTP/2 or WebSocket from here on; a server that
ignores it responds as usual (RFC 9110, 7.8). httptools cannot: it ends such a request after the
head, and its body is lost. That head is therefore parsed twice, the second time without the header.
"""

from collections.abc import Iterable
from typing import Protocol

import httptools

UPGRADE = b"upgrade"

Headers = list[tuple[bytes, bytes]]  # names in lower case


class ParsedConnection(Protocol):
    """What a connection has of the request whose head has been parsed."""

    url: bytes
    headers: Headers


class RequestParser:
    """The part of httptools.HttpRequestParser that uvicorn uses.

    The callback on_headers_complete is called twice if a client asks to switch protocols; the first
    time should_upgrade() is true, and so it is in the on_message_complete that follows at once. For
    CONNECT there is no second time: the connection has to close itself.
    """

    def __init__(self, connection: ParsedConnection) -> None:
        self._connection = connection
        self._parser = _new(connection)

    def feed_data(self, data: bytes) -> None:
        """Parse further bytes. Raises httptools.HttpParserError."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.get_method() == b"CONNECT":
                    return
                (end,) = upgrade.args  # of the head in data
                data = self._head_without_upgrade() + data[end:]
                self._parser = _new(self._connection)
            else:
                return

    def should_upgrade(self) -> bool:
        """True while a head is parsed that will be parsed again, or that of CONNECT."""
        return self._parser.should_upgrade()

    def should_keep_alive(self) -> bool:
        """True if the client lets the connection be used for a further request."""
        return self._parser.should_keep_alive()

    def get_method(self) -> bytes:
        """Return the method of the request."""
        return self._parser.get_method()

    def get_http_version(self) -> str:
        """Return the version of the request: "1.0" or "1.1"."""
        return self._parser.get_http_version()

    def _head_without_upgrade(self) -> bytes:
        """Return the head of the request, as it would be without the header Upgrade."""
        method, version = self.get_method(), self.get_http_version().encode()
        line = b"%b %b HTTP/%b" % (method, self._connection.url, version)
        return b"\r\n".join([line, *_lines(self._connection.headers), b"", b""])


def _new(connection: ParsedConnection) -> httptools.HttpRequestParser:
    """Return a parser as uvicorn sets it up: bytes after Connection: close are ignored."""
    parser = httptools.HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _lines(headers: Headers) -> Iterable[bytes]:
    return (name + b": " + value for name, value in headers if name != UPGRADE)
