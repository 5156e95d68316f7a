"""Where the service stands, for its probes and for whoever stops it."""

from dataclasses import dataclass


@dataclass(slots=True)
class State:
    """Written and read on the event loop alone."""

    ready: bool = False  # warmed up
    failed: bool = False  # to warm up
    draining: bool = False  # told to stop
    in_flight: int = 0  # requests
