"""Operation of the service: probes, metrics, logs, tokens, stopping."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import ablc
import fresh
from ablc.cli.main import main
from serving import Service, serving

CODE = "from ablc.cli.main import main; main()"
RUN = [sys.executable, "-c", CODE, "serve"]


def test_probes_need_nothing(service: Service) -> None:
    assert service.get("/healthz").json == {"status": "ok"}
    assert service.get("/readyz").json == {"status": "ready"}
    for path in ("/healthz", "/readyz", "/metrics"):
        assert service.request("HEAD", path).status == 200
        refused = service.request("PUT", path)
        assert refused.status == 405
        assert sorted(refused.headers["allow"].split(", ")) == ["GET", "HEAD"]


def test_metrics_count_what_happened(service: Service, stream: bytes) -> None:
    good = 'ablc_requests_total{method="POST",route="/decode",status="200"}'
    bad = 'ablc_requests_total{method="POST",route="/decode",status="422"}'
    names = (good, bad, "ablc_received_bytes_total", "ablc_work_seconds_count")
    slots = 'ablc_request_seconds_bucket{le="+Inf",route="/decode"}'
    before = [service.metric(name) for name in (*names, slots)]
    assert service.post("/decode", stream).status == 200
    assert service.post("/decode", stream[:-1]).status == 422
    after = [service.metric(name) for name in (*names, slots)]
    grown = [b - a for a, b in zip(before, after, strict=True)]
    assert grown == [1, 1, 2 * len(stream) - 1, 2, 2]
    assert service.metric("ablc_sent_bytes_total") > 0
    assert service.metric("process_resident_memory_bytes") > 0
    assert service.metric("ablc_held_bytes") == 0
    assert service.metric("ablc_in_flight") == 1  # the request for the metrics


def test_clients_cannot_make_up_series(service: Service) -> None:
    service.get("/a/b/c?d=e")
    assert service.metric('ablc_requests_total{method="GET",route="none",status="404"}') > 0
    assert b"/a/b" not in service.get("/metrics").body


def test_each_request_is_one_line_that_says_nothing_of_its_client(
    service: Service, stream: bytes
) -> None:
    answer = service.post("/decode?size=77,", stream, authorization="Bearer s3cret")
    line = service.wait_for("request", id=answer.headers["x-request-id"])
    assert (line["route"], line["status"], line["method"]) == ("/decode", 200, "POST")
    assert (line["received"], line["sent"]) == (len(stream), len(answer.body))
    assert line["seconds"] > 0
    for secret in ("size", "s3cret", "127.0.0.1"):
        assert secret not in json.dumps(line)


def test_a_request_keeps_its_id_if_that_is_harmless(service: Service) -> None:
    assert service.get("/healthz", x_request_id="abc-1.2").headers["x-request-id"] == "abc-1.2"
    strange = 'x"} {"level": "error"'
    assert service.get("/healthz", x_request_id=strange).headers["x-request-id"] != strange


def test_a_token_is_asked_for(stream: bytes) -> None:
    with serving(token="pa55") as closed:
        assert closed.get("/healthz").status == 200
        assert closed.get("/readyz").status == 200
        for given in ({}, {"authorization": "Bearer pa5"}, {"authorization": "Basic pa55"}):
            answer = closed.post("/decode", stream, **given)
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert closed.get("/metrics").status == 401
        assert closed.get("/openapi.json").status == 401
        for known in ({"authorization": "bearer  pa55"}, {"authorization": "Bearer pa55"}):
            assert closed.post("/decode", stream, **known).status == 200
        described = closed.get("/openapi.json", **known).json
        assert described["components"]["securitySchemes"] == {
            "token": {"type": "http", "scheme": "bearer"}
        }


def test_the_end_waits_for_what_has_begun() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (700, 700, 3), np.uint8)
    data = ablc.encode(noise, lossless=True)
    target = "/transcode?format=ablc&effort=7"
    with serving(workers=1) as ending, ThreadPoolExecutor(1) as pool:
        kept = ending.connect()
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        kept.recv(1000)
        begun = pool.submit(ending.post, target, data)
        while ending.metric("ablc_running") == 0 and not begun.done():
            pass
        with ThreadPoolExecutor(1) as other:
            ended = other.submit(ending.stop)
            while (ready := ending.get("/readyz")).status == 200:
                pass
            assert ready.status == 503
            assert ready.json["detail"] == "stopping"
            late = ending.post("/decode", data)
            assert (late.status, late.headers["retry-after"]) == (503, "1")
            answer = begun.result()
            assert ablc.inspect(answer.body).width == 700
            assert ended.result() == 0
        kept.close()
        ending.wait_for("stopped")


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, stream: bytes) -> None:
    secret = tmp_path / "token"
    secret.write_text("abc\n")
    options = [
        "--port",
        "0",
        "--token-file",
        str(secret),
        "--workers",
        "1",
        "--max-pixels",
        "30000",
    ]
    process = subprocess.Popen([*RUN, *options], stderr=subprocess.PIPE, text=True, cwd="/")
    assert process.stderr is not None
    service = Service(process)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(service.read_log)
        service.port = service.wait_for("listening")["port"]
        answer = service.post("/decode", stream, authorization="Bearer abc")
        assert answer.status == 413
        assert "220x150 pixels are more than the 30000 allowed" in answer.json["detail"]
        assert service.stop() == 0
        reading.result()
    process.stderr.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--token-file /nowhere", "/nowhere"),
        ("--max-memory 1", "max_memory"),
        ("--wait 0", "wait_seconds"),
        ("--max-pixels 99999999999", "max_pixels"),
    ],
)
def test_options_that_make_no_sense_are_named(
    capfd: pytest.CaptureFixture[str], options: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *options.split()])
    assert ended.value.code == 2
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_said_in_one_line(service: Service) -> None:
    ended = fresh.run(CODE, "serve", "--port", str(service.port))
    assert ended.returncode == 1
    assert ended.stderr.startswith("ablc: ")
    assert ended.stderr.count("\n") == 1


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    ended = fresh.run(f"import sys; sys.modules['uvicorn'] = None\n{CODE}", "serve")
    assert ended.returncode == 2
    assert "pip install 'ablc[serve]'" in ended.stderr


def test_networks_that_are_not_there_end_the_service(tmp_path: Path) -> None:
    """A service is ready only if it can do everything that its options ask for."""
    code = f"import sys; sys.modules['onnxruntime'] = None\n{CODE}"
    options = ["serve", "--port", "0", "--networks"]
    ended = fresh.run(code, *options, ABLC_MODELS=str(tmp_path))
    assert ended.returncode != 0
    assert "onnxruntime" in ended.stderr.lower().replace(" ", "")
