"""Training and ONNX export of the networks; the only place that knows torch."""

if __name__ != "ablc.export":
    raise ImportError(f"this package is ablc.export, it was imported as {__name__}")
