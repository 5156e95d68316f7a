"""Training of networks and of the format's tables, and export to ONNX: the only place for torch.

Installed as ablc.export. `python -m ablc.export --help` lists the commands for networks; the
trainers of tables are upsampling, starts, refinement and size_forecast.
"""

if __name__ != "ablc.export":
    raise ImportError(f"this package is ablc.export, it was imported as {__name__}")
