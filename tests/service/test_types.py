"""Media types that clients use, and pictures that a type cannot hold."""

import io

import numpy as np
import pytest
from PIL import Image

import ablc
from ablc import picture_plugins
from ablc.arrays import Pixels
from serving import OCTETS, STREAM, Service


@pytest.fixture(scope="module")
def clear() -> bytes:
    """A stream of a picture with transparency."""
    pixels = np.full((20, 30, 4), 200, np.uint8)
    pixels[:10, :, 3] = 0
    return ablc.encode(pixels)


def file_of(photo: Pixels, name: str) -> bytes:
    """Return a picture as a file of one of Pillow's formats; skip the test if it writes none."""
    picture_plugins.load()
    if name not in Image.SAVE:
        pytest.skip(f"Pillow does not write {name} here")
    file = io.BytesIO()
    Image.fromarray(photo[:50, :70]).save(file, name)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("image/jpg", "JPEG"),
        ("image/pjpeg", "JPEG"),
        ("IMAGE/JPG; charset=binary", "JPEG"),
        ("image/x-png", "PNG"),
        ("image/apng", "PNG"),
        ("image/x-tiff", "TIFF"),
        ("image/x-ms-bmp", "BMP"),
        ("image/x-portable-graymap", "PPM"),
        ("image/*", "JPEG"),
        ("*/*", "WEBP"),
        ("binary/octet-stream", "PNG"),
        ("image/jxl", "JXL"),
        ("image/heic", "HEIF"),
        ("image/heif", "HEIF"),
        (OCTETS, "JXL"),
        (OCTETS, "HEIF"),
    ],
)
def test_a_type_may_have_any_of_its_names(
    service: Service, photo: Pixels, kind: str, name: str
) -> None:
    data = file_of(photo, name)
    answer = service.post("/encode", data, kind)
    assert answer.status == 200, answer.body
    assert ablc.inspect(answer.body).width == 70
    head = (
        f'--xyz\r\nContent-Disposition: form-data; name="picture"\r\nContent-Type: {kind}\r\n\r\n'
    )
    form = head.encode() + data + b"\r\n--xyz--\r\n"
    again = service.post("/encode", form, "multipart/form-data; boundary=xyz")
    assert again.body == answer.body


def test_a_stream_from_a_store_may_be_decoded(service: Service, stream: bytes) -> None:
    assert service.post("/decode", stream, "binary/octet-stream").status == 200


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/jpg", "image/jpeg"),
        ("image/pjpeg;q=0.5, image/avif;q=0.2", "image/jpeg"),
        ("image/x-png", "image/png"),
        ("image/jpeg;q=0, image/jpg", "image/jpeg"),
        ("", "image/png"),
        (" , ", "image/png"),
        ("image/png;q=0, */*", "image/webp"),
        ("image/*;q=0, image/webp;q=0.001", "image/webp"),
        ("image/webp;q=nan, image/png;q=0.9", "image/webp"),
        ("image/webp;Q=0.2, IMAGE/PNG;q=0.3", "image/png"),
    ],
)
def test_accept_selects_a_type(service: Service, stream: bytes, accept: str, kind: str) -> None:
    answer = service.post("/decode", stream, accept=accept)
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize("accept", ["*/*;q=0", "image/png;q=0", "image/jpg;q=0.000, */*;q=0"])
def test_a_weight_of_0_refuses(service: Service, stream: bytes, accept: str) -> None:
    assert service.post("/decode", stream, accept=accept).status == 406


def test_formats_have_synonyms(service: Service, stream: bytes) -> None:
    for name, kind in (("jpg", "image/jpeg"), ("heif", "image/heic"), ("jxl", "image/jxl")):
        answer = service.post(f"/decode?format={name}", stream)
        if answer.status == 422:
            assert "not available here" in answer.json["detail"]
        else:
            assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(("name", "kind"), [("HEIF", "image/heic"), ("JXL", "image/jxl")])
def test_plug_ins_write_pictures(service: Service, photo: Pixels, name: str, kind: str) -> None:
    file_of(photo, name)
    stream = ablc.encode(photo, quality=60, exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
    answer = service.post("/decode", stream, accept=kind)
    assert answer.headers["content-type"] == kind
    shown = np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGB"))
    assert ablc.compare(shown, ablc.decode(stream)).psnr > 28


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/jpeg, image/png;q=0.1", "image/png"),
        ("image/jpeg, image/x-portable-pixmap;q=0.5, image/webp;q=0.1", "image/webp"),
        ("image/jpeg, */*;q=0.1", "image/png"),
        (f"image/jpeg, {STREAM};q=0.9, image/webp;q=0.1", "image/webp"),
        (f"image/jpeg, {OCTETS};q=0.1", OCTETS),
    ],
)
def test_a_type_without_transparency_gives_way_to_another(
    service: Service, clear: bytes, stream: bytes, accept: str, kind: str
) -> None:
    answer = service.post("/transcode", clear, accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    tag = answer.headers["etag"]
    assert service.post("/transcode", clear, accept=accept, if_none_match=tag).status == 304
    assert service.post("/transcode", stream, accept=accept).headers["content-type"] == "image/jpeg"


def test_transparency_is_not_lost_unasked(service: Service, clear: bytes) -> None:
    for target, accept in (("/decode?format=jpg", "*/*"), ("/decode", "image/jpeg")):
        answer = service.post(target, clear, accept=accept)
        assert answer.status == 422
        assert "transparency" in answer.json["detail"]


def test_a_side_that_a_type_cannot_hold_is_held_by_another(service: Service) -> None:
    wide = ablc.encode(np.zeros((8, 20_000), np.uint8), effort=1)
    assert service.post("/decode?format=webp", wide).status == 422
    answer = service.post("/decode", wide, accept="image/webp, image/png;q=0.1")
    assert answer.headers["content-type"] == "image/png"


def test_a_jpeg_xl_file_with_too_many_pixels_is_refused_undecoded(service: Service) -> None:
    file_of(np.zeros((8, 8, 3), np.uint8), "JXL")
    side = (1 << 30) - 1
    bits = 0 | 3 << 1 | side << 3 | 1 << 33  # not by eight, a side of 30 bits, ratio 1:1
    head = b"\xff\x0a" + bits.to_bytes(8, "little")
    boxes = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x0fjxlp\0\0\0\0" + head[:3]
    split = boxes + b"\0\0\0\x13jxlp\x80\0\0\x01" + head[3:]
    for data in (head, split):
        answer = service.post("/encode", data, "image/jxl")
        assert answer.status == 413
        assert "1073741824x1073741824 pixels" in answer.json["detail"]
    for data in (head[:4], boxes, boxes[:14]):
        assert service.post("/encode", data, "image/jxl").status == 422


METADATA = (
    {"exif": b"MM\0*"},
    {"exif": b"II*\0\x08\0\0\0\xff\xff"},
    {"exif": b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x08\0\0\0\x01\xff\xfb\0\0\0\0\0\0"},  # SSHORT -5
    {"exif": b"MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\0"},  # a circle
    {"exif": b"\xff\x00nothing"},
    {"exif": b"MM\0*\0\0\0\x08\0\0\0\0\0\0" + bytes(70_000)},
    {"xmp": b"\xff\xfe\0x"},
    {"xmp": b"<x/>" * 20_000},
    {"icc": b"no profile"},
    {"icc": bytes(200)},
)


@pytest.mark.parametrize("metadata", METADATA, ids=lambda metadata: str(metadata)[:40])
def test_any_metadata_come_with_a_picture_or_a_reason(
    service: Service, photo: Pixels, metadata: dict[str, bytes]
) -> None:
    stream = ablc.encode(photo[:40, :50], **metadata)
    for name in ("png", "webp", "jpeg", "avif", "jxl", "heic", "ppm", "raw", "ablc"):
        answer = service.post(f"/transcode?format={name}", stream)
        assert answer.status in (200, 422), (name, answer.body)
        stripped = service.post(f"/transcode?format={name}&strip=true", stream)
        if b"not available here" not in answer.body:
            assert stripped.status == 200, (name, stripped.body)
    assert service.post("/decode", stream).status == 200
    assert service.post("/inspect", stream).status == 200
