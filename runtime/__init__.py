"""Where networks will run at decode time, with ONNX Runtime. Nothing does yet (docs/DESIGN.md, Planned)."""

if __name__ != "ablc.runtime":
    raise ImportError(f"this package is ablc.runtime, it was imported as {__name__}")
