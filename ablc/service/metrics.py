"""What Prometheus is told."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from ablc.service.exchange import Exchange

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCHES = (1, 2, 4, 8, 16)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads


class Metrics:
    """The instruments of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "ablc_requests", "Requests.", ("route", "method", "status"), registry=registry
        )
        self.seconds = Histogram(
            "ablc_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self.work = Histogram(
            "ablc_work_seconds",
            "What a worker did for one request.",
            buckets=SECONDS,
            registry=registry,
        )
        self.received = Counter("ablc_received_bytes", "Of uploads.", registry=registry)
        self.sent = Counter("ablc_sent_bytes", "Of answers.", registry=registry)
        self.batches = Histogram(
            "ablc_batch_pictures",
            "Pictures that went through the networks together.",
            buckets=BATCHES,
            registry=registry,
        )

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Adds a gauge that is asked for its value."""
        Gauge(name, about, registry=self.registry).set_function(value)

    def request(self, route: str, method: str, exchange: Exchange, seconds: float) -> None:
        """Counts a request that is over."""
        self.requests.labels(route, method, str(exchange.status)).inc()
        self.seconds.labels(route).observe(seconds)
        self.received.inc(exchange.received)
        self.sent.inc(exchange.sent)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
