"""ablc: an ablative image codec.

>>> data = ablc.encode(image, quality=50)
>>> image = ablc.decode(data)
"""

from ablc import interpreters  # noqa: F401  # first: it refuses sub-interpreters
from ablc.decoder import Decoder, decode
from ablc.encoder import Encoder, encode
from ablc.errors import (
    FinderError,
    GpuMemoryError,
    LimitError,
    ModelError,
    PaintWarning,
    PictureError,
    ProviderError,
    StreamError,
    StreamWarning,
)
from ablc.importance import Roi
from ablc.inspection import (
    CodingMap,
    Metadata,
    Section,
    StreamInfo,
    coding_map,
    inspect,
    keep_mask,
    metadata,
)
from ablc.metrics import Comparison, compare
from ablc.previews import preview
from ablc.regions import Region
from ablc.schemes import Scheme

__version__ = "0.1.0"

__all__ = [
    "CodingMap",
    "Comparison",
    "Decoder",
    "Encoder",
    "FinderError",
    "GpuMemoryError",
    "LimitError",
    "Metadata",
    "ModelError",
    "PaintWarning",
    "PictureError",
    "ProviderError",
    "Region",
    "Roi",
    "Scheme",
    "Section",
    "StreamError",
    "StreamInfo",
    "StreamWarning",
    "coding_map",
    "compare",
    "decode",
    "encode",
    "inspect",
    "keep_mask",
    "metadata",
    "preview",
]
