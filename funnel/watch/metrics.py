"""Figures for Prometheus: what processes have counted, and how things stand in the store."""

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from funnel.watch.standing import Standing

# The library's own setting: the folder where all processes of a machine put their figures together.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CALL_SECONDS = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
PAGE_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 8.0)

Look = Callable[[], Standing]


class Metrics:
    """One per process. `look` is asked when somebody reads the figures."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._own = CollectorRegistry()
        self._calls = Histogram(
            "funnel_crm_call_seconds",
            "Calls to the CRM, by name and outcome",
            ("call", "outcome"),
            buckets=CALL_SECONDS,
            registry=self._own,
        )
        self._requests = Histogram(
            "funnel_request_seconds",
            "Requests of shoppers, by route and status",
            ("method", "route", "status"),
            buckets=PAGE_SECONDS,
            registry=self._own,
        )

    def called(self, call: str, outcome: str, seconds: float) -> None:
        self._calls.labels(call, outcome).observe(seconds)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format; of this process alone where no folder is shared."""
        registry = CollectorRegistry()
        if os.environ.get(FOLDER):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry = self._own
        return generate_latest(registry) + generate_latest(_registry_of(_Standing(self._look)))


def _registry_of(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


class _Standing(Collector):
    """Read from the store when it is asked for, so it is the same in every process."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        try:
            standing = self._look()
        except SQLAlchemyError:
            yield _gauge("funnel_store_up", "Whether the store answers", 0)
            return
        yield _gauge("funnel_store_up", "Whether the store answers", 1)
        yield _gauge("funnel_crm_down", "Whether the breaker holds the CRM for down", standing.crm_down)
        yield _gauge("funnel_outbox_oldest_seconds", "Age of the oldest call that is owed", standing.oldest_owed)
        yield _gauge("funnel_declines_last_hour", "Charges declined in the last hour", standing.declines)
        calls = GaugeMetricFamily("funnel_outbox_calls", "Calls owed or parked", labels=("call", "state"))
        for labels, count in standing.calls.items():
            calls.add_metric(labels, count)
        charges = GaugeMetricFamily("funnel_attempts", "Charges by their state", labels=("state",))
        for state, count in standing.attempts.items():
            charges.add_metric((state,), count)
        yield from (calls, charges)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=float(value))
