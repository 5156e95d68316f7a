"""HTTP/1.1 as clients and proxies speak it (RFC 9110, RFC 9112), byte by byte."""

import contextlib
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest

from serving import Service

H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"
WEBSOCKET = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@dataclass
class Response:
    """The status and the body of a response with a declared length."""

    status: int
    head: bytes
    body: bytes


def read_response(client: socket.socket) -> Response:
    """Return the next response on a connection."""
    client.settimeout(20)
    head, body = b"", b""
    while not head.endswith(b"\r\n\r\n"):
        part = client.recv(1)
        assert part, f"the connection was closed after {head!r}"
        head += part
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(length - len(body))
    return Response(int(head.split()[1]), head, body)


def post(headers: str, length: int | None, target: str = "/decode?format=raw") -> bytes:
    """Return the head of a request with a stream; length: of its body, None if it is chunked."""
    framing = CHUNKED if length is None else f"Content-Length: {length}\r\n"
    line = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: image/x-ablc\r\n"
    return f"{line}{framing}{headers}\r\n".encode()


def chunked(data: bytes, trailers: bytes = b"", side: int = 1000) -> bytes:
    """Return a body in chunks of at most side bytes."""
    parts = [data[at : at + side] for at in range(0, len(data), side)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + (
        b"0\r\n" + trailers + b"\r\n"
    )


@pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET, H2C.replace("h2c", "h2c, foo/2")])
@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_a_request_to_upgrade_is_answered_in_http_1_1(
    service: Service, stream: bytes, upgrade: str, in_chunks: bool, split: bool
) -> None:
    plain = service.post("/decode?format=raw", stream)
    head = post(upgrade, None if in_chunks else len(stream))
    body = chunked(stream) if in_chunks else stream
    with service.connect() as client:
        for _ in range(2):  # the connection can be used again
            if split:
                for part in (head[:50], head[50:], body[:100], body[100:]):
                    client.sendall(part)
            else:
                client.sendall(head + body)
            response = read_response(client)
            assert response.status == 200
            assert response.body == plain.body


def test_requests_to_upgrade_may_be_pipelined(service: Service, stream: bytes) -> None:
    get = f"GET /healthz HTTP/1.1\r\nHost: x\r\n{H2C}\r\n".encode()
    with service.connect() as client:
        client.sendall(get + post(H2C, len(stream)) + stream + get)
        responses = [read_response(client) for _ in range(3)]
    assert [response.status for response in responses] == [200] * 3
    assert responses[0].body == responses[2].body == b'{"status":"ok"}'


def test_the_body_of_a_request_to_upgrade_is_no_request(service: Service) -> None:
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with service.connect() as client:
        client.sendall(post(H2C, len(inner)))
        client.sendall(inner)
        assert read_response(client).status == 422
        client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_response(client).body == b'{"status":"ready"}'


def test_an_upgrade_that_waits_for_100_continue_gets_it(service: Service, stream: bytes) -> None:
    with service.connect() as client:
        client.sendall(post(H2C + "Expect: 100-continue\r\n", len(stream)))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(stream)
        assert read_response(client).status == 200


def test_a_client_of_http_1_0_gets_no_100_continue(service: Service, stream: bytes) -> None:
    head = post("Expect: 100-continue\r\n", len(stream)).replace(b"HTTP/1.1", b"HTTP/1.0")
    with service.connect() as client:
        client.sendall(head + stream)
        assert read_response(client).status == 200


def test_connect_is_refused_and_what_follows_is_not_read(service: Service) -> None:
    for target in (b"example.org:443", b"/healthz"):
        with service.connect() as client:
            client.sendall(b"CONNECT %b HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz" % target)
            response = read_response(client)
            assert response.status == 501
            assert b"application/problem+json" in response.head
            assert client.recv(100) == b""


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://example.org/healthz", 200),
        ("HTTP://user@[::1]:80/healthz?x=1", 200),
        ("http://example.org", 200),  # the page
        ("http://example.org?x=1", 200),
        ("/%68ealthz", 200),
        ("/healthz%00%ff", 404),
        ("//healthz", 404),
    ],
)
def test_targets_may_have_each_form(service: Service, target: str, status: int) -> None:
    with service.connect() as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert read_response(client).status == status


def test_the_asterisk_is_a_target(service: Service) -> None:
    with service.connect() as client:
        client.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_response(client).status == 404


def test_trailers_are_no_headers(service: Service, stream: bytes) -> None:
    trailers = b"Accept: text/html\r\nContent-Encoding: gzip\r\nX-Request-ID: trailer\r\n"
    with service.connect() as client:
        head = post("TE: trailers\r\nTrailer: accept\r\n", None)
        client.sendall(head + chunked(stream, trailers))
        response = read_response(client)
    assert response.status == 200
    assert b"trailer" not in response.head


@pytest.mark.parametrize("endless", ["extension", "trailer", "trailers"])
def test_what_is_no_data_in_a_body_has_an_end(service: Service, endless: str) -> None:
    begin, more = {
        "extension": (b"5;", b"y" * 20_000),
        "trailer": (b"0\r\nX: ", b"y" * 20_000),
        "trailers": (b"0\r\n", b"X: " + b"y" * 20_000 + b"\r\n"),
    }[endless]
    answer = b""
    with (
        service.connect() as client,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),  # it was still sending
    ):
        client.sendall(post("", None) + begin)
        for _ in range(25):
            client.sendall(more)
        answer = client.recv(100)
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")


def test_chunks_may_be_tiny_and_have_extensions(service: Service, stream: bytes) -> None:
    body = b"".join(b"1;a=b;c\r\n%c\r\n" % byte for byte in stream) + b"0\r\n\r\n"
    with service.connect() as client:
        client.sendall(post("", None))
        for at in range(0, len(body), 999):
            client.sendall(body[at : at + 999])
        assert read_response(client).status == 200


def test_a_compressed_transfer_is_refused(service: Service, stream: bytes) -> None:
    head = post("", None).replace(b": chunked", b": gzip, chunked")
    with service.connect() as client:
        client.sendall(head + chunked(stream))
        response = read_response(client)
    assert response.status == 501
    assert b"Transfer-Encoding" in response.body


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/page.css", "/healthz"])
def test_head_is_get_without_a_body(service: Service, path: str) -> None:
    got, told = service.get(path), service.request("HEAD", path)
    assert (told.status, told.body) == (200, b"")
    assert told.headers["content-length"] == str(len(got.body))
    assert told.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("hosts", "version", "fault"),
    [
        ([], "1.1", "the header Host is missing"),
        (["a", "a"], "1.1", "there are 2 headers Host"),
        (["a", "b"], "1.0", "there are 2 headers Host"),
        (["a b"], "1.1", "the header Host names no host"),
        (["a:b"], "1.1", "the header Host names no host"),
        (["http://a"], "1.1", "the header Host names no host"),
    ],
)
@pytest.mark.parametrize("upgrade", ["", H2C])
def test_a_request_has_one_host(
    service: Service, hosts: list[str], version: str, fault: str, upgrade: str
) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    body = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"  # must not be taken for a request
    head = f"POST /decode HTTP/{version}\r\n{lines}{upgrade}Content-Length: {len(body)}\r\n\r\n"
    with service.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_response(client).status == 200
        client.sendall((head + body).encode())
        response = read_response(client)
        assert response.status == 400
        assert fault.encode() in response.body
        assert b"application/problem+json" in response.head
        assert client.recv(100) == b""


@pytest.mark.parametrize("host", ["", "x:80", "[::1]:8080", "a_b.example-c", "127.0.0.1", "x:"])
def test_hosts_may_have_each_form(service: Service, host: str) -> None:
    with service.connect() as client:
        client.sendall(f"GET /healthz HTTP/1.1\r\nHost:{host}\r\n\r\n".encode())
        assert read_response(client).status == 200


def test_a_client_of_http_1_0_needs_no_host(service: Service) -> None:
    with service.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert read_response(client).status == 200


OTHER_SERVER = """
import socket
import uvicorn
from ablc.service.app import create
from ablc.service.settings import ServiceSettings
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
app = create(ServiceSettings(workers=1))
config = uvicorn.Config(app, http={http!r}, lifespan="on", log_level="critical")
uvicorn.Server(config).run([listener])
"""


@pytest.mark.parametrize(("parser", "status"), [("h11", 200), ("httptools", 501)])
def test_under_another_server_a_lost_body_is_named(stream: bytes, parser: str, status: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_SERVER.format(http=parser)],
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            for length in (len(stream), None):
                body = stream if length else chunked(stream)
                with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
                    client.sendall(post(H2C, length) + body)
                    response = read_response(client)
                assert response.status == status
                assert status == 200 or b"without the header Upgrade" in response.body
        finally:
            server.kill()
