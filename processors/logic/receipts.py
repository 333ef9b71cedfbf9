"""The receipt of a batch: what became of every offset of a range of posts."""

from collections import Counter
from typing import Literal

from processors.logic.seen import HOUR_MS
from schemas.events import Receipt

Outcome = Literal["mention", "repeat", "dead_letter"]


class Tally:
    """Counts outcomes by source and hour of collection while a batch is read."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int, Outcome]] = Counter()
        self._repeats: list[int] = []

    def add(self, outcome: Outcome, source: str, collected_at: int, offset: int) -> None:
        """One record; `source` is platform/source, or empty where the record could not be read."""
        self._counts[source, collected_at - collected_at % HOUR_MS, outcome] += 1
        if outcome == "repeat":
            self._repeats.append(offset)

    def receipt(self, partition: int, start: int, end: int, enriched_at: int) -> Receipt:
        """The receipt of the offsets [start, end)."""
        totals: Counter[Outcome] = Counter()
        for (_, _, outcome), count in self._counts.items():
            totals[outcome] += count
        return {
            "id": f"{partition}:{start}-{end - 1}",
            "partition": partition,
            "first_offset": start,
            "last_offset": end - 1,
            "records": totals.total(),
            "mentions": totals["mention"],
            "repeats": totals["repeat"],
            "dead_letters": totals["dead_letter"],
            "counts": [
                {"source": source, "hour": hour, "outcome": outcome, "count": count}
                for (source, hour, outcome), count in sorted(self._counts.items())
            ],
            "repeat_offsets": self._repeats,
            "enriched_at": enriched_at,
        }
