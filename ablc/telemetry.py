"""Telemetry of the libraries that ablc uses: a codec sends nothing and leaves no files."""

import os

# ONNX Runtime reads its variable when it is first imported (the second name is that of some builds
# before the release); by itself it then writes an identifier and a database to the home directory.
# Ray reads its variable when it starts a cluster.
OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def switch_off() -> None:
    """Switch telemetry off for this process and for those that it starts.

    To be called before onnxruntime is imported and before a cluster of Ray starts.
    """
    os.environ.update(OFF)
