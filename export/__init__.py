"""Training of networks and of the format's tables, and export to ONNX: the only place for torch.

Installed as ablc.export. `python -m ablc.export --help` lists the commands for networks; the
trainers of tables are starts, refinement and size_forecast.
"""

if __name__ != "ablc.export":
    raise ImportError(f"this package is ablc.export, it was imported as {__name__}")

from ablc import telemetry

telemetry.switch_off()  # tools for ONNX files import ONNX Runtime
