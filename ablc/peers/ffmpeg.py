"""Encoders of video as encoders of single pictures, by the program ffmpeg.

The program is the one on the path or that of the package imageio-ffmpeg, whichever has the encoder.
Its streams have no container: CONTAINER_BYTES stand for one and hold the size of the picture.
"""

import functools
import importlib.util
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass

from ablc.arrays import Pixels
from ablc.peers import planes
from ablc.peers.codec import MissingCodecError

CONTAINER_BYTES = 300  # charged for a raw stream, about what AVIF and HEIC spend on a small file
PACKAGE = "imageio-ffmpeg"
SIZE = struct.Struct("<II")  # height and width, at the start of the container


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """How a video encoder takes pictures, and what its streams are called."""

    muxer: str  # ffmpeg's name of the raw stream, to write and to read
    pixels: str  # ffmpeg's name of the planes
    bits: int  # of a sample


@functools.cache
def program(encoder: str) -> str:
    """Return the path of an ffmpeg that has an encoder. Raises MissingCodecError without one."""
    found = _candidates()
    for path in found:
        if re.search(rf"^ *V\S* +{encoder} ", run(path, "-encoders").decode(), re.MULTILINE):
            return path
    lacking = f"ffmpeg has no {encoder}" if found else "there is no ffmpeg"
    raise MissingCodecError(f"{lacking}: pip install {PACKAGE}")


def _candidates() -> list[str]:
    """Return the paths of the ffmpegs that there are."""
    paths = [shutil.which("ffmpeg")]
    if importlib.util.find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg  # late: an extra

        paths.append(imageio_ffmpeg.get_ffmpeg_exe())
    return [path for path in paths if path]


@functools.cache
def version(path: str) -> str:
    """Return the version of an ffmpeg."""
    return run(path, "-version").split()[2].decode()


def encode(
    path: str, picture: Pixels, form: StreamFormat, coder: str, filters: str | None = None
) -> bytes:
    """Return the container and the raw stream of a picture, (H, W, 3).

    coder: options that name the encoder and set it, with spaces between. filters: ffmpeg's, that
    the picture goes through. Raises RuntimeError, with ffmpeg's last words, if that fails.
    """
    height, width = picture.shape[:2]
    size = f"{planes.even(width)}x{planes.even(height)}"
    source = f"-f rawvideo -pix_fmt {form.pixels} -s {size} -r 1 -i - -frames:v 1".split()
    through = ["-vf", filters] if filters else []
    raw = planes.pack(picture, form.bits)
    target = [*coder.split(), "-f", form.muxer, "-"]
    return container(picture) + run(path, *source, *through, *target, given=raw)


def container(picture: Pixels) -> bytes:
    """Return the bytes that stand for the container of a picture, (H, W, C)."""
    return SIZE.pack(*picture.shape[:2]).ljust(CONTAINER_BYTES, b"\0")


def decode(path: str, form: StreamFormat, data: bytes) -> Pixels:
    """Return the picture of what encode() returned. Raises RuntimeError if ffmpeg fails."""
    height, width = SIZE.unpack_from(data)
    source = ["-threads", "1", "-f", form.muxer, "-i", "-", "-frames:v", "1"]
    target = ["-pix_fmt", form.pixels, "-f", "rawvideo", "-"]
    raw = run(path, *source, *target, given=data[CONTAINER_BYTES:])
    return planes.parse(raw, height, width, form.bits)


def run(path: str, *arguments: str, given: bytes = b"") -> bytes:
    """Return what ffmpeg writes. Raises RuntimeError, with its last words, if it fails."""
    command = [path, "-hide_banner", "-v", "error", *arguments]
    ended = subprocess.run(command, input=given, capture_output=True)
    if ended.returncode:
        words = ended.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise RuntimeError(f"ffmpeg failed: {' '.join(words)}")
    return ended.stdout
