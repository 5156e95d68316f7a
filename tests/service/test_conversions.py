"""Decode, encode, transcode and inspect over HTTP, against the same in this process."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import ablc
from ablc import _core
from ablc.arrays import Pixels
from ablc.runtime import registry
from serving import OCTETS, STREAM, Answer, Service


def shown(answer: Answer) -> Pixels:
    """The pixels of an answer of any kind but a stream."""
    assert answer.status == 200, answer.body
    if answer.headers["content-type"] != OCTETS:
        return np.array(Image.open(io.BytesIO(answer.body)))
    shape = [int(answer.headers[name]) for name in ("x-height", "x-width", "x-channels")]
    return np.frombuffer(answer.body, np.uint8).reshape(shape)


@pytest.mark.parametrize("kind", ["image/png", "image/x-portable-pixmap", OCTETS])
def test_a_stream_decodes_to_the_kind_that_is_accepted(
    service: Service, stream: bytes, kind: str
) -> None:
    answer = service.post("/decode", stream, accept=kind)
    assert answer.headers["content-type"] == kind
    assert (shown(answer) == ablc.decode(stream)).all()


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_a_lossy_kind_takes_a_quality(service: Service, stream: bytes, name: str) -> None:
    low, default, same, high = (
        service.post(f"/decode?format={name}{quality}", stream)
        for quality in ("&quality=20", "", "&quality=85", "&quality=95")
    )
    assert default.headers["content-type"] == f"image/{name}"
    assert default.body == same.body
    assert ablc.compare(shown(default), ablc.decode(stream)).psnr > 30
    assert len(low.body) < len(default.body) < len(high.body)


def test_without_networks_auto_is_the_classical_fill(service: Service, stream: bytes) -> None:
    assert (shown(service.post("/decode?fill=auto", stream)) == ablc.decode(stream)).all()


def test_a_stream_names_its_painter(service: Service, png: bytes, stream: bytes) -> None:
    answer = service.post("/encode?quality=20&paint=fill-small:0.7", png, "image/png")
    named = bytes.fromhex(ablc.inspect(answer.body).model)
    assert registry.parse_name(named)[::2] == ("fill-small", 0.7)
    # Also after a conversion, unless another one is asked for, or the result is lossless.
    for query, model in (("", named.hex()), ("&lossless=true", "")):
        again = service.post(f"/transcode?format=ablc{query}", answer.body)
        assert ablc.inspect(again.body).model == model
    other = service.post("/transcode?format=ablc&paint=fill-small", answer.body)
    assert registry.parse_name(bytes.fromhex(ablc.inspect(other.body).model)).strength is None
    assert not ablc.inspect(service.post("/transcode?format=ablc", stream).body).model
    # A version that is not installed stays named.
    unknown = _core.Stream(stream).with_sections({"MODL": b"fill-other" + bytes(8)})
    kept = service.post("/transcode?format=ablc", unknown)
    assert bytes.fromhex(ablc.inspect(kept.body).model) == b"fill-other" + bytes(8)
    # Without networks here the picture is the classical one.
    shown_classical = ablc.decode(answer.body, fill="classical")
    decoded = service.post("/decode", answer.body)
    assert (shown(decoded) == shown_classical).all()
    assert decoded.headers["x-notes"].startswith("not painted by fill-small@")
    assert "x-notes" not in service.post("/decode?fill=classical", answer.body).headers


@pytest.mark.parametrize("keep", [True, False, None])
def test_the_colour_of_invisible_pixels_is_kept_if_asked(
    service: Service, keep: bool | None
) -> None:
    clear = np.zeros((16, 16, 4), np.uint8)
    clear[::2, :, :3] = 200
    file = io.BytesIO()
    Image.fromarray(clear).save(file, "PNG")
    query = "" if keep is None else f"?keep_invisible={str(keep).lower()}"
    answer = service.post(f"/encode{query}", file.getvalue(), "image/png")
    assert answer.body == ablc.encode(clear, keep_invisible=keep)


def test_octets_are_taken_for_a_stream(service: Service, stream: bytes) -> None:
    assert service.post("/decode", stream, OCTETS).status == 200
    assert service.post("/decode", stream, None).status == 200


@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ("10,20,64,40", (10, 20, 64, 40)),
        ("200,100,999,999", (200, 100, 20, 50)),
        ("pct:50,50,25,20", (110, 75, 55, 30)),
        ("square", (35, 0, 150, 150)),
    ],
)
def test_a_region_is_part_of_the_picture(
    service: Service, stream: bytes, asked: str, region: tuple[int, int, int, int]
) -> None:
    part = shown(service.post(f"/decode?region={asked}&format=raw", stream))
    assert (part == ablc.decode(stream, region=region)).all()


@pytest.mark.parametrize(
    ("asked", "shape"),
    [
        ("max", (150, 220)),
        ("110,", (75, 110)),
        (",30", (30, 44)),
        ("20,30", (30, 20)),
        ("!60,60", (41, 60)),
        ("!999,999", (150, 220)),
        ("pct:10", (15, 22)),
    ],
)
def test_a_size_is_kept_to(
    service: Service, stream: bytes, asked: str, shape: tuple[int, int]
) -> None:
    small = shown(service.post(f"/decode?size={asked}&format=raw", stream))
    assert small.shape[:2] == shape
    expected = Image.fromarray(ablc.decode(stream)).resize(
        shape[::-1], Image.Resampling.LANCZOS, reducing_gap=2
    )
    assert (small == np.asarray(expected)).all()


def test_a_picture_is_coded_as_at_home(service: Service, png: bytes, photo: Pixels) -> None:
    answer = service.post("/encode?quality=30&effort=2", png, "image/png")
    assert answer.headers["content-type"] == STREAM
    assert answer.body == ablc.encode(photo, quality=30, effort=2)


def test_a_size_is_hit(service: Service, png: bytes) -> None:
    answer = service.post("/encode?bytes=3000", png, "image/png")
    assert 0.98 * 3000 <= len(answer.body) <= 3000
    answer = service.post("/encode?bpp=0.5", png, OCTETS)
    assert 0.98 <= 8 * len(answer.body) / (0.5 * 150 * 220) <= 1


def test_lossless_is_lossless(service: Service, png: bytes, photo: Pixels) -> None:
    answer = service.post("/encode?lossless=true", png, "image/png")
    assert (ablc.decode(answer.body) == photo).all()


def test_regions_of_interest_count(service: Service, png: bytes, photo: Pixels) -> None:
    asked = "/encode?quality=20&roi=0,0,64,64:inf&roi=auto:4&feather=0"
    answer = service.post(asked, png, "image/png")
    regions = [ablc.Roi((0, 0, 64, 64), float("inf"), 0), ablc.Roi("auto", 4, 0)]
    assert answer.body == ablc.encode(photo, quality=20, importance=regions)


@pytest.mark.parametrize("weight", ["64", "inf"])
def test_a_form_brings_a_region_as_a_picture(
    service: Service, png: bytes, photo: Pixels, weight: str
) -> None:
    white = np.zeros(photo.shape[:2], np.uint8)
    white[40:90, 50:120] = 255
    mask = io.BytesIO()
    Image.fromarray(white).save(mask, "PNG")
    head = '--xyz\r\nContent-Disposition: form-data; name="{0}"; filename="../{0}"\r\n\r\n'
    parts = {"picture": png, "roi": mask.getvalue()}
    body = b"".join(head.format(name).encode() + data + b"\r\n" for name, data in parts.items())
    answer = service.post(
        f"/encode?quality=20&roi_weight={weight}",
        body + b"--xyz--\r\n",
        "multipart/form-data; boundary=xyz",
    )
    assert answer.body == ablc.encode(photo, quality=20, importance=ablc.Roi(white, float(weight)))


def test_a_rule_says_what_is_kept(service: Service, png: bytes, photo: Pixels) -> None:
    answer = service.post("/encode?mask=random-blocks&mask_share=0.5", png, "image/png")
    scheme = ablc.Scheme("random-blocks", 0.5)
    assert answer.body == ablc.encode(photo, mask=scheme)


def test_streams_and_pictures_turn_into_each_other(
    service: Service, stream: bytes, png: bytes, photo: Pixels
) -> None:
    assert (shown(service.post("/transcode", stream)) == ablc.decode(stream)).all()
    assert service.post("/transcode?quality=40", png, "image/png").body == ablc.encode(
        photo, quality=40
    )
    webp = service.post("/transcode?region=0,0,50,50", png, OCTETS, accept="image/webp")
    assert ablc.compare(shown(webp), photo[:50, :50]).psnr > 25
    smaller = service.post("/transcode?size=55,&format=ablc", stream)
    assert ablc.decode(smaller.body).shape == (38, 55, 3)


def test_metadata_are_carried_or_left(service: Service, stream: bytes) -> None:
    kept = service.post("/transcode?format=ablc", stream)
    bare = service.post("/transcode?format=ablc&strip=true", stream)
    assert ablc.metadata(kept.body) == ablc.metadata(stream)
    assert ablc.metadata(bare.body) == ablc.Metadata()


def test_a_stream_is_inspected(service: Service, stream: bytes) -> None:
    answer = service.post("/inspect", stream)
    assert answer.json == json.loads(ablc.inspect(stream).to_json())
    drawn = service.post("/inspect", stream, accept="image/png")
    height, width, channels = shown(drawn).shape
    declared = [drawn.headers[name] for name in ("x-height", "x-width", "x-channels")]
    assert declared == [str(height), str(width), str(channels)]


def test_an_answer_that_the_client_has_is_not_sent_again(service: Service, stream: bytes) -> None:
    first = service.post("/decode", stream, accept="image/png")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    assert "accept" in first.headers["vary"]
    again = service.post("/decode", stream, accept="image/png", if_none_match=f'"x", W/{tag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert service.post("/decode", stream, accept="image/png", if_none_match="*").status == 304


def test_another_question_is_another_answer(service: Service, stream: bytes) -> None:
    tags = {
        service.post("/decode", stream, accept=kind).headers["etag"]
        for kind in ("image/png", "image/webp")
    }
    tags.add(service.post("/decode?size=10,10", stream).headers["etag"])
    tags.add(service.post("/decode", ablc.encode(ablc.decode(stream))).headers["etag"])
    tags.add(service.post("/inspect", stream).headers["etag"])
    assert len(tags) == 5


def test_nobody_sees_the_picture_of_another(service: Service) -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (40 + i, 70, 3), np.uint8) for i in range(24)]
    streams = [ablc.encode(picture, lossless=True) for picture in pictures]

    def decoded(i: int) -> bool:
        answer = service.post("/decode?format=raw", streams[i % 24])
        return np.array_equal(shown(answer), pictures[i % 24])

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(decoded, range(120)))


def test_changes_and_losses_on_the_way_are_noted(
    service: Service, stream: bytes, photo: Pixels
) -> None:
    assert "x-notes" not in service.post("/decode", stream).headers
    damaged = service.post("/decode", ablc.encode(photo, xmp=b"\xff\xfe\0x"))
    assert damaged.status == 200
    assert damaged.headers["x-notes"] == "PNG cannot hold the damaged XMP data, which are dropped"
    file = io.BytesIO()
    Image.new("I;16", (40, 30), 7000).save(file, "PNG")
    encoded = service.post("/encode?roi=auto:inf", file.getvalue(), "image/png")
    assert encoded.headers["x-notes"] == (
        "16 bits per sample were reduced to 8; "
        "the lossless region auto is empty: it makes no pixel exact"
    )
