"""Requests that the service refuses: each with a reason, and never by a fault of its own."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ablc
from serving import OCTETS, STREAM, Answer, Service

GOLDEN = Path(__file__).parents[1] / "golden" / "ok"
BAD = GOLDEN.parent / "bad"
MUTANTS = 300


def reason(answer: Answer) -> str:
    """Why a request was refused."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["status"] == answer.status
    return str(answer.json["detail"])


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("decode", "image/png"),
        ("decode", "application/x-www-form-urlencoded"),
        ("encode", "text/html"),
        ("encode", "image/x-ablc"),
        ("encode", "application/postscript"),
        ("transcode", "video/mp4"),
        ("inspect", "application/json"),
    ],
)
def test_a_type_that_is_not_read_is_refused(
    service: Service, stream: bytes, endpoint: str, kind: str
) -> None:
    answer = service.post(f"/{endpoint}", stream, kind)
    assert answer.status == 415
    assert f"the body is {kind}, expected" in reason(answer)


def test_a_body_of_another_type_than_declared_is_refused(
    service: Service, stream: bytes, png: bytes
) -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"
    for body, kind in [(png, "image/jpeg"), (stream, "image/png"), (postscript, OCTETS)]:
        assert service.post("/encode", body, kind).status == 415
    assert service.post("/decode", png).status == 422


def test_a_compressed_body_is_refused(service: Service, stream: bytes) -> None:
    assert service.post("/decode", stream, content_encoding="gzip").status == 415
    assert service.post("/decode", stream, content_encoding="identity, gzip").status == 415
    assert service.post("/decode", stream, content_encoding="Identity").status == 200


def test_what_no_answer_suits_is_refused(service: Service, stream: bytes, png: bytes) -> None:
    assert service.post("/decode", stream, accept="text/html").status == 406
    assert service.post("/encode", png, "image/png", accept="image/png").status == 406


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/decode?size=0,5", "size 0,5"),
        ("/decode?size=pct:200", "size pct:200"),
        ("/decode?size=wide", "size"),
        ("/decode?region=220,0,5,5", "region 220,0"),
        ("/decode?region=0,0,0,5", "region"),
        ("/decode?region=../../etc/passwd", "region"),
        ("/decode?format=bmp", "format"),
        ("/decode?fill=net", "no networks"),
        ("/decode?quality=101", "quality"),
        ("/decode?quality=", "quality: must be a number, not ''"),
        ("/decode?fill=", "fill: must be one of classical, auto, net, not ''"),
        ("/decode?colour=red", "colour: unknown parameter"),
        ("/decode?region=full&region=square", "region: given more than once"),
        ("/decode?region=%D9%A1,0,10,10", "region"),
        ("/encode?quality=5&bpp=1", "quality and bpp exclude each other"),
        ("/encode?bpp=nan", "bpp"),
        ("/encode?bytes=3", "the smallest stream"),
        ("/encode?effort=9", "effort: 9 is more than the 7 allowed"),
        ("/encode?roi=0,0,999,9", "region 0,0,999,9"),
        ("/encode?roi=/etc/passwd", "roi"),
        ("/encode?roi=auto:nan", "roi"),
        ("/encode?lossless=true&roi=auto", "lossless keeps everything"),
        ("/encode?mask=round", "mask"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    service: Service, stream: bytes, png: bytes, target: str, words: str
) -> None:
    encode = target.startswith("/encode")
    for _ in range(2):  # queries are remembered, but not those that are refused
        answer = service.post(
            target, png if encode else stream, "image/png" if encode else "image/x-ablc"
        )
        assert answer.status == 422
        assert words in reason(answer)
        assert "None" not in reason(answer)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("quality=101", "quality: must be at most 100, not '101'"),
        ("quality=0.5", "quality: must be at least 1, not '0.5'"),
        ("quality=fine", "quality: must be a number, not 'fine'"),
        ("bpp=0", "bpp: must be above 0, not '0'"),
        ("bytes=3000000000", "bytes: must be at most 2147483648, not '3000000000'"),
        ("effort=1.5", "effort: must be a whole number, not '1.5'"),
        ("lossless=maybe", "lossless: must be true or false, not 'maybe'"),
        ("tune=canny", "tune: must be one of ssim, psnr, not 'canny'"),
        ("roi_weight=x", "roi_weight: must be a number or inf, not 'x'"),
        ("roi_weight=-1", "roi_weight: must be at least 0 or inf, not '-1'"),
        ("roi=auto&roi=1,2", "roi: 1: must be X,Y,W,H[:WEIGHT] or auto[:WEIGHT], not '1,2'"),
        ("&".join(["roi=auto"] * 17), "roi: given 17 times, at most 16 allowed"),
        ("colour=red&=", "colour: unknown parameter; unknown parameter"),
        ("quality=5&lossless=1", "quality and lossless exclude each other: give one of them"),
        (
            "effort=0&mask_share=2",
            "effort: must be at least 1, not '0'; mask_share: must be at most 1, not '2'",
        ),
        ("size=wide", "size: must be max, w, or ,h or w,h or !w,h or pct:n, not 'wide'"),
        ("quality={}", "quality: must be a number, not '{}'"),
    ],
)
def test_a_refusal_says_what_is_expected(
    service: Service, png: bytes, query: str, detail: str
) -> None:
    assert reason(service.post(f"/encode?{query}", png, "image/png")) == detail


@pytest.mark.parametrize("value", ["", "canny", "-1", "1e999", "nan", "9" * 500, "%00", "[1]"])
def test_no_refusal_has_the_words_of_a_library(service: Service, stream: bytes, value: str) -> None:
    described = service.get("/openapi.json").json["paths"]["/transcode"]["post"]["parameters"]
    for parameter in described:
        answer = service.post(f"/transcode?format=ablc&{parameter['name']}={value}", stream)
        if answer.status != 200:
            for words in ("Input", "should", "Value error", "valid", "parse", "None", "{}"):
                assert words not in reason(answer)


def test_more_queries_than_are_remembered_are_told_apart(service: Service, stream: bytes) -> None:
    for _ in range(2):
        for x in range(150):
            answer = service.post(f"/decode?region={x},{x % 7},3,2&format=raw", stream)
            again = service.post(f"/decode?region={x},{x % 7},2,3&format=raw", stream)
            assert answer.body == ablc.decode(stream, region=(x, x % 7, 3, 2)).tobytes()
            assert again.body == ablc.decode(stream, region=(x, x % 7, 2, 3)).tobytes()


def test_too_many_regions_are_refused(service: Service, png: bytes) -> None:
    many = "&".join(["roi=auto"] * 17)
    assert service.post(f"/encode?{many}", png, "image/png").status == 422


@pytest.mark.parametrize("path", sorted(BAD.iterdir()), ids=lambda path: path.stem)
def test_a_bad_stream_is_refused_with_its_fault(service: Service, path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(ablc.StreamError) as fault:
        ablc.decode(data, max_pixels=1_000_000)
    answer = service.post("/decode", data)
    assert answer.status == (413 if fault.type is ablc.LimitError else 422)
    assert reason(answer)


def test_an_upload_that_says_it_is_too_large_is_refused_unread(service: Service) -> None:
    with service.connect() as client:
        client.sendall(
            b"POST /decode HTTP/1.1\r\nHost: x\r\nContent-Type: image/x-ablc\r\n"
            b"Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer


def test_an_upload_without_a_length_is_refused_when_it_is_too_large(service: Service) -> None:
    with service.connect() as client:
        client.sendall(
            b"POST /decode HTTP/1.1\r\nHost: x\r\nContent-Type: image/x-ablc\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(20):
            client.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


def bomb(side: int) -> bytes:
    """A PNG of side x side black pixels, in few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000 * 1000), 9)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [1_001, 10_000, 60_000])
def test_a_picture_with_too_many_pixels_is_refused_undecoded(service: Service, side: int) -> None:
    answer = service.post("/encode", bomb(side), "image/png")
    assert answer.status == 413
    assert "pixels" in reason(answer)


def test_a_stream_with_too_many_pixels_is_refused_and_part_of_it_is_not(
    service: Service,
) -> None:
    wide = np.zeros((1600, 1600, 3), np.uint8)
    wide[40:50, 40:60] = 200
    data = ablc.encode(wide, effort=1)
    assert service.post("/decode", data).status == 413
    part = service.post("/decode?region=32,32,64,64&format=raw", data)
    assert part.body == ablc.decode(data, region=(32, 32, 64, 64)).tobytes()


def test_damaged_forms_are_refused(service: Service, png: bytes) -> None:
    kind = "multipart/form-data; boundary=xyz"
    part = b'--xyz\r\nContent-Disposition: form-data; name="picture"\r\n\r\n' + png + b"\r\n"
    for body in (b"", png, part[:-40], part + part, part.replace(b"picture", b"photo", 1)):
        answer = service.post("/encode", body + b"--xyz--\r\n", kind)
        assert answer.status == 422, body[:80]
    assert service.post("/encode", part + b"--xyz--\r\n", "multipart/form-data").status == 422


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """Data with some bytes changed, cut, doubled or put elsewhere."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at, length = int(rng.integers(len(changed))), int(rng.integers(1, 40))
        what = rng.integers(4)
        if what == 0:
            changed[at] ^= 1 << rng.integers(8)
        elif what == 1:
            changed[at : at + length] = rng.bytes(length)
        elif what == 2:
            del changed[at : at + length]
        else:
            changed[at:at] = changed[at : at + length]
        if not changed:
            return b""
    return bytes(changed)


def small_pictures(photo: npt.NDArray[np.uint8]) -> list[tuple[str, bytes]]:
    """A picture in each format that is read, with its type."""
    Image.init()
    image = Image.fromarray(photo[:40, :50])
    files = []
    for name in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF"):
        if name in Image.SAVE:
            file = io.BytesIO()
            image.save(file, name)
            files.append((Image.MIME.get(name, OCTETS), file.getvalue()))
    return files


def test_mutants_get_a_reason_or_an_answer(
    service: Service, stream: bytes, photo: npt.NDArray[np.uint8]
) -> None:
    rng = np.random.default_rng(7)
    files = [("image/x-ablc", ablc.encode(photo[:40, :50]))] * 4 + small_pictures(photo)
    statuses = set()
    for i in range(MUTANTS):
        kind, data = files[i % len(files)]
        target = "/transcode?format=png" if kind != OCTETS else "/transcode"
        answer = service.post(target, mutant(data, rng), kind)
        assert answer.status in (200, 413, 415, 422), (kind, answer)
        statuses.add(answer.status)
    assert statuses >= {200, 422}
    assert service.post("/decode", stream).status == 200


def test_what_is_no_http_is_refused(service: Service) -> None:
    for request in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"FOO / HTTP/9\r\n\r\n"):
        with service.connect() as client:
            client.sendall(request)
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_head_without_end_is_refused(service: Service) -> None:
    with service.connect() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b"GET /healthz HTTP/1.1\r\n")
            for _ in range(40):
                client.sendall(b"X: " + b"y" * 8000 + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_unknown_places_and_methods_are_refused(service: Service) -> None:
    assert service.get("/../../etc/passwd").status == 404
    assert service.get("/decode").status == 405
    assert reason(service.get("/photos/a.ablc")) == "Not Found"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("decode?fill=net", "fill=net: this service runs no networks"),
        ("decode?model=fill-small", "model=fill-small: this service runs no networks"),
        ("decode?strength=0.5", "strength=0.5: this service runs no networks"),
        ("decode?strength=1.5", "strength: must be"),
        ("decode?strength=-1", "strength: must be"),
        ("decode?model=../fill", "model: must be the id of a network"),
        ("decode?fill=classical&strength=1", "strength=1.0 needs a fill that networks do"),
        ("encode?paint=fill-small:2", "paint: must be ID[:STRENGTH]"),
        ("encode?paint=fill-none", "no network 'fill-none' is installed"),
        ("encode?paint=step-small", "not one that fills"),
        ("encode?paint=fill-small&lossless=true", "nothing to paint"),
    ],
)
def test_choices_of_networks_that_cannot_be_are_refused(
    service: Service, stream: bytes, png: bytes, query: str, expected: str
) -> None:
    body, kind = (stream, STREAM) if query.startswith("decode") else (png, "image/png")
    answer = service.post(f"/{query}", body, kind)
    assert answer.status == 422
    assert expected in reason(answer)
