"""What a process says at its `/metrics`, as numbers."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scraped:
    """One scrape."""

    def __init__(self, port: int) -> None:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).raise_for_status().text
        self.samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {name for name, _ in self.samples}

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that carry these labels; raises AssertionError where there is none."""
        found = [
            value
            for (known, carried), value in self.samples.items()
            if known == name and labels.items() <= dict(carried).items()
        ]
        assert found, f"no {name} with {labels} among {sorted(self.names)}"
        return sum(found)


def scrape(port: int) -> Scraped | None:
    """A scrape, None while nobody listens."""
    try:
        return Scraped(port)
    except httpx.TransportError:
        return None
