"""Training of the format's tables, and later of networks: the only place for torch."""

if __name__ != "ablc.export":
    raise ImportError(f"this package is ablc.export, it was imported as {__name__}")
