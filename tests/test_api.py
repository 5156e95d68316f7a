"""The Python API: arguments, settings, results."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ablc
from ablc.arrays import Pixels
from ablc.metrics import psnr


@pytest.fixture(scope="module")
def stream(photo: Pixels) -> bytes:
    return ablc.encode(photo, quality=40, icc=b"profile", exif=b"II*\0", xmp=b"<x/>")


def test_decoding_gives_a_close_picture(photo: Pixels, stream: bytes) -> None:
    decoded = ablc.decode(stream)
    assert (decoded.shape, decoded.dtype) == (photo.shape, np.uint8)
    assert psnr(photo, decoded) > 20
    assert psnr(photo, ablc.decode(ablc.encode(photo, quality=95))) > 33


def test_higher_quality_costs_more_bytes_and_is_closer(photo: Pixels) -> None:
    streams = [ablc.encode(photo, quality=q) for q in (1, 15, 30, 45, 60, 75, 89)]
    sizes = [len(data) for data in streams]
    fidelity = [psnr(photo, ablc.decode(data)) for data in streams]
    assert sizes == sorted(sizes)
    assert fidelity == sorted(fidelity)


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 3), (20, 30, 4)])
def test_grey_rgb_and_rgba_come_back_with_their_channels(shape: tuple[int, ...]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint32).astype(np.uint8).reshape(shape)
    decoded = ablc.decode(ablc.encode(image, lossless=True))
    assert (decoded == image.reshape(20, 30, -1)).all()


def test_lossless_leaves_nothing_to_steer(photo: Pixels) -> None:
    cells = np.ones((19, 28), np.bool_)
    steering: list[dict[str, Any]] = [
        {"mask": cells},
        {"mask": "centre"},
        {"importance": 2 * cells},
    ]
    for arguments in steering:
        with pytest.raises(ValueError, match="lossless keeps everything"):
            ablc.encode(photo, lossless=True, **arguments)
    plain = ablc.encode(photo, lossless=True)
    assert plain == ablc.encode(photo, lossless=True, mask=ablc.Scheme("rdo", seed=3))


def test_alpha_is_lossless_in_lossy_streams(photo: Pixels) -> None:
    image = np.concatenate([photo, photo[..., :1]], axis=2)
    assert (ablc.decode(ablc.encode(image, quality=10))[..., 3] == image[..., 3]).all()


def test_pictures_need_not_be_contiguous(photo: Pixels) -> None:
    for view in (photo[::2, ::-1], photo.transpose(1, 0, 2), np.asfortranarray(photo)):
        assert ablc.encode(view) == ablc.encode(np.ascontiguousarray(view))


def test_the_bytes_do_not_depend_on_the_number_of_threads(photo: Pixels) -> None:
    large = np.tile(photo, (5, 4, 1))
    streams = {ablc.encode(large, quality=20, effort=2, threads=n) for n in (1, 2, 5)}
    assert len(streams) == 1
    data = streams.pop()
    assert (ablc.decode(data, threads=1) == ablc.decode(data, threads=3)).all()


@pytest.mark.parametrize("effort", range(1, 10))
def test_every_effort_decodes(photo: Pixels, effort: int) -> None:
    data = ablc.encode(photo[:70, :90], quality=50, effort=effort)
    assert psnr(photo[:70, :90], ablc.decode(data)) > 20


def test_subsampling_is_what_was_asked_for(photo: Pixels) -> None:
    for asked, quality, subsampling in [
        ("auto", 60, "4:2:0"),
        ("auto", 90, "4:4:4"),
        ("4:4:4", 30, "4:4:4"),
        ("4:2:0", 99, "4:2:0"),
    ]:
        data = ablc.encode(photo, quality=quality, subsampling=asked)  # type: ignore[arg-type]
        assert ablc.inspect(data).subsampling == subsampling


@pytest.mark.parametrize("share", [0.3, 0.7, 1.5])
def test_target_bytes_are_met_within_2_percent(photo: Pixels, share: float) -> None:
    target = round(share * len(ablc.encode(photo, quality=50)))
    assert 0.98 * target <= len(ablc.encode(photo, target_bytes=target)) <= target


def test_bits_per_pixel_are_met_within_2_percent(photo: Pixels) -> None:
    data = ablc.encode(photo, bpp=1.0)
    assert 0.98 <= 8 * len(data) / (photo.shape[0] * photo.shape[1]) <= 1.0


def test_unreachable_sizes_are_refused_with_the_bound(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"smallest stream of this picture has \d+ bytes, 5 were"):
        ablc.encode(photo, target_bytes=5)
    with pytest.raises(ValueError, match=r"largest stream of this picture has \d+ bytes"):
        ablc.encode(photo, bpp=100)


def test_importance_moves_bits_to_where_it_is_high(photo: Pixels) -> None:
    half = photo[:, 112:]
    scene = np.concatenate([half, half], 1)  # both halves ask for the same bits
    left, right = np.s_[:, : half.shape[1]], np.s_[:, half.shape[1] :]
    importance = np.full(scene.shape[:2], 0.2)
    importance[right] = 5
    decoded = ablc.decode(ablc.encode(scene, bpp=1.5, subsampling="4:4:4", importance=importance))
    plain = ablc.decode(ablc.encode(scene, bpp=1.5, subsampling="4:4:4"))
    assert psnr(scene[right], decoded[right]) > psnr(scene[right], plain[right]) + 1
    assert psnr(scene[left], decoded[left]) < psnr(scene[left], plain[left])


def test_neutral_importance_changes_nothing_visible(photo: Pixels) -> None:
    plain = ablc.decode(ablc.encode(photo, quality=30))
    neutral = ablc.decode(ablc.encode(photo, quality=30, importance=np.ones(photo.shape[:2])))
    assert (plain == neutral).all()


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_an_explicit_mask_is_kept_to_the_cell(photo: Pixels, share: float) -> None:
    mask = np.random.default_rng(5).random((19, 28)) < share
    data = ablc.encode(photo, quality=40, mask=mask)
    assert (ablc.keep_mask(data) == mask).all()
    assert psnr(photo, ablc.decode(data)) > 12


def test_metadata_comes_back(stream: bytes) -> None:
    assert ablc.metadata(stream) == ablc.Metadata(b"profile", b"II*\0", b"<x/>")


def test_inspect_accounts_for_every_byte(photo: Pixels, stream: bytes) -> None:
    info = ablc.inspect(stream)
    assert (info.height, info.width, info.channels) == photo.shape
    assert info.length == len(stream)
    assert info.checksum_ok
    assert 0 <= info.kept <= 1
    assert info.step == ablc.Encoder(quality=40).step / 16
    position = 0
    for section in info.sections:
        assert section.offset == position
        position += section.length
    assert position == len(stream)


def test_inspect_is_json(stream: bytes) -> None:
    fields = json.loads(ablc.inspect(stream).to_json())
    assert fields["width"] == 220
    assert fields["bpp"] == pytest.approx(8 * len(stream) / (220 * 150))
    assert sum(section["length"] for section in fields["sections"]) == len(stream)


def test_a_small_picture_pays_little_for_the_container() -> None:
    data = ablc.encode(np.full((8, 8), 128, np.uint8), quality=1)
    assert len(data) <= 24 + 12


def test_a_region_is_a_crop(stream: bytes) -> None:
    whole = ablc.decode(stream)
    part = ablc.decode(stream, region=(30, 20, 101, 57))
    assert (part == whole[20:77, 30:131]).all()
    assert part.flags.c_contiguous


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ((0, 0, 221, 10), "region 0,0,221,10 is empty or not inside the picture of 220x150"),
        ((-1, 0, 10, 10), "not inside"),
        ((0, 140, 10, 11), "not inside"),
        ((5, 5, 0, 5), "empty"),
        ((5, 5, 5), "four whole numbers"),
        ((5, 5, 5.0, 5), "four whole numbers"),
    ],
)
def test_regions_outside_are_refused(stream: bytes, region: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ablc.decode(stream, region=region)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([[1, 2], [3, 4]], "must be a numpy array, .* or the path of a picture, not list"),
        (np.zeros((4, 4, 3)), r"must be \(H, W, C\) uint8, not \(4, 4, 3\) float64"),
        (np.zeros((4, 4, 3), np.uint16), "uint16"),
        (np.zeros(16, np.uint8), r"\(16,\)"),
        (np.zeros((4, 4, 2), np.uint8), "must have 1, 3 or 4 channels, not 2"),
        (np.zeros((0, 4, 3), np.uint8), r"must be 1\.\.65535 pixels high and wide, not 0x4"),
        (np.zeros((1, 65536), np.uint8), "not 1x65536"),
    ],
)
def test_what_is_no_picture_is_refused(image: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ablc.encode(image)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ("edges", "mask must be one of rdo, centre, .*, not 'edges'"),
        (np.ones((19, 28)), r"not \(19, 28\) float64"),
        (np.ones((150, 220), bool), r"shape \(19, 28\), not \(150, 220\) bool"),
    ],
)
def test_wrong_masks_are_refused(photo: Pixels, mask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ablc.encode(photo, mask=mask)


@pytest.mark.parametrize("fill", ["net", "ppgn"])
def test_networks_without_onnx_runtime_say_what_to_install(stream: bytes, fill: Any) -> None:
    with pytest.raises(ablc.ProviderError, match=r"pip install 'ablc\[cpu\]'"):
        ablc.Decoder(fill=fill).decode(stream)


def test_classical_fill_is_what_auto_means_without_networks(stream: bytes) -> None:
    assert (ablc.decode(stream) == ablc.decode(stream, fill="classical")).all()


def test_more_pixels_than_allowed_are_refused(
    stream: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ablc.LimitError, match="32999"):
        ablc.decode(stream, max_pixels=150 * 220 - 1)
    assert ablc.decode(stream, max_pixels=150 * 220).shape == (150, 220, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for refused in (ablc.decode, ablc.inspect, ablc.keep_mask):
        with pytest.raises(ablc.LimitError):
            refused(stream)


def test_encoder_and_decoder_serve_several_threads(photo: Pixels) -> None:
    pictures = [photo[i : i + 60, i : i + 70] for i in range(8)]
    encoder = ablc.Encoder(quality=35, threads=1)
    with ablc.Decoder(threads=1) as decoder:
        alone = [decoder.decode(encoder.encode(picture)) for picture in pictures]
        with ThreadPoolExecutor(4) as pool:
            streams = list(pool.map(encoder.encode, pictures))
            together = list(pool.map(decoder.decode, streams))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


def test_a_batch_decodes_in_order(photo: Pixels) -> None:
    streams = [ablc.encode(photo[: 20 + i], lossless=True) for i in range(5)]
    decoded = ablc.Decoder(threads=3).decode_batch(streams)
    assert [image.shape[0] for image in decoded] == [20, 21, 22, 23, 24]
    assert ablc.Decoder().decode_batch([]) == []
    with pytest.raises(ablc.StreamError):
        ablc.Decoder(threads=3).decode_batch([*streams, b"damaged"])


def test_an_error_takes_the_place_of_its_picture(photo: Pixels) -> None:
    data = ablc.encode(photo, quality=30)
    first, second, third = ablc.Decoder(threads=2).decode_each([data, data[:-1], data])
    assert isinstance(second, ablc.StreamError)
    for decoded in (first, third):
        assert np.array_equal(decoded, ablc.decode(data))


@pytest.mark.parametrize(("bpp", "least"), [(0.15, 26), (0.3, 29), (0.8, 32)])
def test_a_real_photograph_keeps_its_fidelity(kodak: Path, bpp: float, least: float) -> None:
    with Image.open(kodak / "kodim23.png") as opened:
        image = np.array(opened)
    data = ablc.encode(image, bpp=bpp)
    assert 0.98 * bpp <= 8 * len(data) / image[..., 0].size <= bpp
    assert psnr(image, ablc.decode(data)) > least
