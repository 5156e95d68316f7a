"""State of the service, for its probes and for the server that stops it."""

from dataclasses import dataclass


@dataclass(slots=True)
class ServiceState:
    """Read and written on the event loop only."""

    ready: bool = False  # warmed up
    failed: bool = False  # warming up has failed
    draining: bool = False  # told to stop: open requests are finished, new ones refused
    in_flight: int = 0  # requests whose response is not complete
