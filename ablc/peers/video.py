"""The strongest encoders of single pictures among those of video: HEVC, AV1 and VVC."""

import functools
from dataclasses import dataclass

from ablc.peers import ffmpeg
from ablc.peers.codec import Codec
from ablc.peers.ffmpeg import CONTAINER_BYTES, StreamFormat

HEVC = StreamFormat("hevc", "yuv420p", 8)
AV1 = StreamFormat("obu", "yuv420p10le", 10)
VVC = StreamFormat("vvc", "yuv420p10le", 10)
CHARGED = f"raw stream and {CONTAINER_BYTES} bytes for a container, 1 thread"
X265_ALONE = "keyint=1:info=0:log-level=none:pools=none:frame-threads=1"  # one picture, one thread


@dataclass(frozen=True, slots=True)
class VideoEncoder:
    """A video encoder at a setting."""

    name: str  # of the codec
    encoder: str  # ffmpeg's name
    form: StreamFormat
    options: str  # ffmpeg's, with {} for the quality
    settings: str  # in words
    qualities: tuple[float, ...]
    slow: bool = True

    def codec(self) -> Codec:
        """Return the codec. Raises MissingCodecError if no ffmpeg has the encoder."""
        path = ffmpeg.program(self.encoder)
        return Codec(
            self.name,
            f"{self.settings}, {CHARGED}",
            f"{self.encoder} of ffmpeg {ffmpeg.version(path)}",
            lambda picture, quality: ffmpeg.encode(
                path, picture, self.form, f"-c:v {self.encoder} {self.options.format(quality)}"
            ),
            functools.partial(ffmpeg.decode, path, self.form),
            self.qualities,
            slow=self.slow,
        )


X265 = VideoEncoder(
    "x265 slow",
    "libx265",
    HEVC,
    f"-preset slow -tune ssim -crf {{:g}} -x265-params {X265_ALONE}",
    "HEVC intra, preset slow, tune ssim, 8 bits, 4:2:0, quality = crf",
    (51, 48, 46, 44, 41, 38, 35, 32, 29, 26, 23, 20),
    slow=False,
)
SVT_AV1 = VideoEncoder(
    "SVT-AV1 p2",
    "libsvtav1",
    AV1,
    "-preset 2 -crf {:g} -svtav1-params tune=2:avif=1:lp=1",
    "AV1 still picture, preset 2, tune ssim, 10 bits, 4:2:0, quality = crf",
    (63, 60, 57, 54, 51, 47, 43, 39, 35, 30, 25, 19, 12),
)
VVENC = VideoEncoder(
    "vvenc medium",
    "libvvenc",
    VVC,
    "-preset medium -qp {:g} -qpa 0 -threads 1",
    "VVC intra, preset medium, qpa 0, 10 bits, 4:2:0, quality = QP",
    (58, 55, 52, 49, 46, 43, 40, 37, 34, 31, 28, 25, 22),
)
