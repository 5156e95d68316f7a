"""Which versions of the format are read, and what the others are told."""

import pytest

import ablc
import containers
from ablc import _core
from containers import varint
from reference import file
from scenes import scene
from tiled_streams import coded


def test_lossless_files_of_version_1_are_read() -> None:
    for kind, data in (
        ("lossless", coded("lossless")[0]),
        ("rgba", _core.encode(scene(300, 541, 4), lossless=True, tile=256)),
    ):
        whole = _core.Stream(data).decode()[0]
        old = containers.of_version_1(data)
        parsed = _core.Stream(old)
        assert parsed.header.version == 1
        assert (parsed.decode()[0] == whole).all()
        assert (parsed.decode(region=(250, 250, 9, 9))[0] == whole[250:259, 250:259]).all()
        names = [part["name"] for part in parsed.sections]
        assert names == ["HEAD", "PLNS"] + ["ALPH"] * (kind == "rgba")
        longer = _core.Stream(old).with_sections({"CLSS": b"c"})
        assert longer[3] == 1
        assert (_core.Stream(longer).decode()[0] == whole).all()
        assert ablc.inspect(old).version == 1


def test_damaged_lists_of_version_1_are_refused() -> None:
    old = containers.of_version_1(coded("lossless")[0])
    body = _core.Stream(old).section("PLNS")
    assert body is not None
    for damaged in (b"", b"\xff" * 8, varint(len(body)) + body[3:], body[:200]):
        hostile = containers.stream(old[:16], {file.PLNS: damaged})
        with pytest.raises(_core.StreamError, match="damaged: PLNS is "):
            _core.Stream(hostile).decode()
        _, lost = _core.Stream(hostile, partial=True).decode()
        assert lost[0].startswith("PLNS is ")


def test_sections_of_later_versions_mean_nothing_in_version_1() -> None:
    old = containers.of_version_1(coded("lossless")[0])
    body = _core.Stream(old).section("PLNS")
    assert body is not None
    odd = containers.stream(old[:16], {file.TIDX: b"x", file.PLNS: body, file.TILE: b"y"})
    assert (_core.Stream(odd).decode()[0] == coded("lossless")[1]).all()


def test_an_extended_header_needs_a_newer_decoder() -> None:
    data = coded("lossless")[0]
    extended = containers.repaired(data[:10] + bytes([data[10] | 0x80]) + data[11:])
    with pytest.raises(_core.StreamError, match="needs a newer decoder"):
        _core.Stream(extended)
    with pytest.raises(_core.StreamError, match="header is wrong: step"):
        _core.Stream(containers.repaired(extended[:3] + b"\1" + extended[4:]))


def test_a_lossy_file_of_version_1_needs_an_older_decoder() -> None:
    data = coded("lossy")[0]
    with pytest.raises(_core.StreamError, match="needs an older decoder"):
        _core.Stream(containers.repaired(data[:3] + b"\1" + data[4:]))
