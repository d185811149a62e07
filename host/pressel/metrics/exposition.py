"""All metrics as Prometheus reads them. It knows neither sockets nor the host that it counts.

Gauges and counters of a host are shown as it told them last; what is counted of bursts adds up
here, from the start of this process on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pressel.schema.metrics import MetricRow, metrics

from .burst_samples import burst_samples
from .samples import State, samples

DOWN: State = {"exporter": {"up": 0}}


class Exposition:
    """`state` is shown; replace it as often as there is news."""

    def __init__(self) -> None:
        self.state: State = DOWN
        self._registry = CollectorRegistry()
        self._registry.register(_Told(self))
        self._counted = {
            name: (row, _make(name, row, self._registry))
            for name, row in metrics().items()
            if row.of_bursts
        }

    def add(self, burst: Mapping[str, Any]) -> None:
        """Count one burst, a `BurstState` as JSON has it."""
        burst_is = {"burst": str(burst["burst"])}
        for row, metric in self._counted.values():
            for sample in burst_samples(row, burst):
                child = metric.labels(**dict(sample.labels)) if row.labels else metric
                if isinstance(child, Histogram):
                    child.observe(sample.value, burst_is)
                else:
                    child.inc(sample.value, burst_is)

    def render(self, accept: str) -> tuple[bytes, str]:
        """The text in the format that a reader's `Accept` prefers, and its content type. Only
        OpenMetrics names the bursts."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Told(Collector):
    """What the host said of itself."""

    def __init__(self, shown: Exposition) -> None:
        self._shown = shown

    def collect(self) -> Iterator[Metric]:
        for name, row in metrics().items():
            if not row.of_bursts and (found := samples(row, self._shown.state)):
                family = GaugeMetricFamily if row.type == "gauge" else CounterMetricFamily
                metric = family(name, row.help, labels=row.labels)
                for sample in found:
                    metric.add_metric([value for _, value in sample.labels], sample.value)
                yield metric

    def describe(self) -> Iterable[Metric]:
        """Nothing: the host need not be there yet."""
        return ()


def _make(name: str, row: MetricRow, registry: CollectorRegistry) -> Counter | Histogram:
    if row.type == "histogram":
        return Histogram(name, row.help, row.labels, buckets=row.buckets, registry=registry)
    return Counter(name, row.help, row.labels, registry=registry)
