"""Training: the tables of the format today; the networks, planned, will be the only place that knows torch."""

if __name__ != "ablc.export":
    raise ImportError(f"this package is ablc.export, it was imported as {__name__}")
