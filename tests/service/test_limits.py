"""Clients that are slow, impatient or too many."""

import contextlib
import io
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from serving import Service, serving

HEAD = (
    b"POST /decode HTTP/1.1\r\nHost: x\r\nContent-Type: image/x-ablc\r\nContent-Length: %d\r\n\r\n"
)


@pytest.fixture(scope="module")
def narrow() -> Iterator[Service]:
    """One worker and a queue of two."""
    with serving(workers=1, queue=2, connections=40, wait_seconds=20, send_seconds=1) as running:
        yield running


@pytest.fixture(scope="module")
def slow_picture() -> bytes:
    """A picture that takes some tenths of a second to encode at effort 7."""
    noise = np.random.default_rng(1).integers(0, 256, (320, 320, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=1)
    return file.getvalue()


def received(client: socket.socket) -> bytes:
    """Return everything that is received until the other end closes."""
    parts = []
    client.settimeout(20)
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def wait_until(service: Service, metric: str, value: float) -> None:
    """Wait until a metric has a value; fail after 20 seconds."""
    deadline = time.monotonic() + 20
    while service.metric(metric) != value:
        assert time.monotonic() < deadline, f"{metric} did not become {value}"
        time.sleep(0.01)


@pytest.mark.parametrize("begun", [b"", b"POST /deco", b"POST /decode HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(service: Service, begun: bytes) -> None:
    with service.connect() as client:
        client.sendall(begun)
        answer = received(client)
    assert answer.startswith(b"HTTP/1.1 408 ") if begun else not answer


def test_a_head_that_drips_is_not_waited_for(service: Service) -> None:
    with service.connect() as client:
        client.settimeout(0.05)
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        answer = b""
        for _ in range(100):
            with contextlib.suppress(TimeoutError):
                answer = client.recv(100)
                break
            client.sendall(b"x")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_does_not_come_is_not_waited_for(service: Service, stream: bytes) -> None:
    with service.connect() as client:
        client.sendall(HEAD % len(stream) + stream[:-1])
        answer = received(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not arrive within 2 seconds" in answer


def test_a_client_that_does_not_take_its_answer_is_dropped(narrow: Service) -> None:
    file = io.BytesIO()
    Image.new("L", (4000, 4000)).save(file, "PNG")
    body = file.getvalue()
    head = HEAD.replace(b"/decode", b"/transcode?format=raw").replace(b"image/x-ablc", b"image/png")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with client:
        client.connect(("127.0.0.1", narrow.port))
        client.sendall(head % len(body) + body)
        wait_until(narrow, "ablc_in_flight", 2)  # the request and the one for the metric
        wait_until(narrow, "ablc_in_flight", 1)
        assert len(received(client)) < 16_000_000


def test_a_connection_lives_on_after_a_refusal(service: Service, stream: bytes) -> None:
    with service.connect() as client:
        wrong = HEAD.replace(b"image/x-ablc", b"image/x-none") % len(stream) + stream
        for request, status in ((wrong, 415), (HEAD % len(stream) + stream, 200)) * 2:
            client.sendall(request)
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            size = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
            body = len(answer.split(b"\r\n\r\n", 1)[1])
            while body < size:
                body += len(client.recv(65536))


def test_more_than_the_queue_holds_is_sent_away_and_comes_back(
    narrow: Service, slow_picture: bytes, stream: bytes
) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(
                lambda _: narrow.post("/encode?effort=7", slow_picture, "image/png"), range(12)
            )
        )
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 3
    refused = next(answer for answer in answers if answer.status == 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"
    assert narrow.post("/decode", stream).status == 200
    assert narrow.metric("ablc_queue") == 0


def test_who_goes_away_leaves_the_queue(
    narrow: Service, slow_picture: bytes, stream: bytes
) -> None:
    head = HEAD.replace(b"/decode", b"/encode?effort=7").replace(b"image/x-ablc", b"image/png")
    clients = [narrow.connect() for _ in range(5)]
    for client in clients:
        client.sendall(head % len(slow_picture) + slow_picture)
    wait_until(narrow, "ablc_queue", 2)
    for client in clients:
        client.close()
    wait_until(narrow, "ablc_queue", 0)
    assert narrow.post("/decode", stream).status == 200
    gone = narrow.wait_for("request", status=499)
    assert gone["sent"] == 0
    assert narrow.metric("ablc_held_bytes") == 0
    wait_until(narrow, "ablc_running", 0)


def test_health_is_told_while_all_workers_are_busy(narrow: Service, slow_picture: bytes) -> None:
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(narrow.post, "/encode?effort=7", slow_picture, "image/png")
            for _ in range(3)
        ]
        assert narrow.get("/healthz").status == 200
        assert narrow.get("/readyz").status == 200
        assert all(job.result().status == 200 for job in jobs)


def test_there_are_only_so_many_connections(narrow: Service) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(narrow.connect()) for _ in range(60)]
        clients[-1].settimeout(10)
        assert clients[-1].recv(100).startswith(b"HTTP/1.1 503 ")
    wait_until(narrow, "ablc_in_flight", 1)
    assert narrow.get("/healthz").status == 200


def test_memory_for_all_requests_has_a_limit() -> None:
    with serving(workers=1, max_upload=1 << 20, max_pixels=300_000, max_memory=2_300_000) as small:
        held = [small.connect() for _ in range(2)]
        for client in held:
            client.sendall(HEAD % (1 << 20) + bytes((1 << 20) - 1))
        wait_until(small, "ablc_held_bytes", 2 * ((1 << 20) - 1))
        refused = small.post("/decode", bytes(1 << 19))
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        for client in held:
            client.close()
        wait_until(small, "ablc_held_bytes", 0)
        assert small.post("/decode", bytes(1 << 19)).status == 422


def test_work_and_waits_without_end_are_given_up(slow_picture: bytes) -> None:
    with (
        serving(workers=1, work_seconds=0.05, wait_seconds=0.05) as hasty,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = list(
            pool.map(lambda _: hasty.post("/encode?effort=7", slow_picture, "image/png"), range(4))
        )
    reasons = sorted((answer.status, answer.json["detail"]) for answer in answers)
    assert [status for status, _ in reasons] == [413, 413, 503, 503]
    assert reasons[0][1].startswith("the work took longer than 0.05 seconds")
    assert reasons[3][1] == "no worker was free within 0.05 seconds"
