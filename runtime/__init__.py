"""ONNX Runtime side of the decoder: sessions, tiles, fill, latent update, projection."""

if __name__ != "ablc.runtime":
    raise ImportError(f"this package is ablc.runtime, it was imported as {__name__}")
