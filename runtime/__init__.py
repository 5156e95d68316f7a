"""Where networks will run at decode time; empty so far (docs/DESIGN.md, Planned)."""

if __name__ != "ablc.runtime":
    raise ImportError(f"this package is ablc.runtime, it was imported as {__name__}")
