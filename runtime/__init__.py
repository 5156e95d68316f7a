"""Networks at decode time: the registry of models, sessions, the fill, the latent update.

Installed as ablc.runtime. ONNX Runtime, an extra of the package, is imported when a network first
runs.
"""

if __name__ != "ablc.runtime":
    raise ImportError(f"this package is ablc.runtime, it was imported as {__name__}")
