"""Bodies for schemathesis: streams for the media types that it does not know.

Loaded through SCHEMATHESIS_HOOKS.
"""

from pathlib import Path

import schemathesis
from hypothesis import strategies

OK = Path(__file__).parents[1] / "golden" / "ok"
STREAMS = [path.read_bytes() for path in sorted(OK.iterdir()) if path.stat().st_size < 20_000]

for kind in ("image/x-ablc", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, strategies.sampled_from(STREAMS))
