"""ablc: an ablative image codec.

>>> data = ablc.encode(image, quality=50)
>>> image = ablc.decode(data)
"""

from ablc.api import Decoder, Encoder, decode, encode
from ablc.errors import LimitError, ModelError, PictureError, StreamError, StreamWarning
from ablc.info import (
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
from ablc.regions import Region

__version__ = "0.1.0"

__all__ = [
    "CodingMap",
    "Comparison",
    "Decoder",
    "Encoder",
    "LimitError",
    "Metadata",
    "ModelError",
    "PictureError",
    "Region",
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
]
