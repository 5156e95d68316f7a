"""Networks at decode time: which are installed, and what is known about them."""

if __name__ != "ablc.runtime":
    raise ImportError(f"this package is ablc.runtime, it was imported as {__name__}")
