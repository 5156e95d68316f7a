"""Metrics for Prometheus."""

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

from ablc.service.accounting import RequestAccount

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCH_LENGTHS = (1, 2, 4, 8, 16)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the series


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
            "Time from the head of a request to the end of its response.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self.work = Histogram(
            "ablc_work_seconds",
            "Time that a worker spent on one request.",
            buckets=SECONDS,
            registry=registry,
        )
        self.received = Counter("ablc_received_bytes", "Bytes of uploads.", registry=registry)
        self.sent = Counter("ablc_sent_bytes", "Bytes of responses.", registry=registry)
        self.batches = Histogram(
            "ablc_batch_pictures",
            "Pictures that went through the networks together.",
            buckets=BATCH_LENGTHS,
            registry=registry,
        )

    def add_gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is a function's."""
        Gauge(name, description, registry=self.registry).set_function(value)

    def count_request(
        self, route: str, method: str, account: RequestAccount, seconds: float
    ) -> None:
        """Count a request that has ended."""
        self.requests.labels(route, method, str(account.status)).inc()
        self.seconds.labels(route).observe(seconds)
        self.received.inc(account.received)
        self.sent.inc(account.sent)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
