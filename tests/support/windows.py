"""Drives the logic of `trends` over rows in a dictionary, with the commits and crashes a worker would have."""

import json
from collections.abc import Sequence
from typing import Any

from processors.logic.authors import sketch
from processors.logic.folding import Step
from processors.logic.heard import Heard
from processors.logic.held import Held
from processors.logic.partials import TOTALS
from processors.logic.publishing import Publisher
from processors.logic.spans import Spans
from schemas.events import Partial, Trend

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RINGS = {"1m": 3 * HOUR, "5m": 12 * HOUR, "1h": 14 * DAY, "1d": 60 * DAY}


def partial(
    at: int, subject: str = "AAPL", *, kind: str = "symbol", platform: str = "x", **fields: Any
) -> Partial:
    """A partial of one neutral mention at `at`, unless said otherwise."""
    mentions = fields.pop("mentions", 1)
    values: dict[str, Any] = {
        "subject_kind": kind,
        "subject": subject,
        "platform": platform,
        "bucket": at - at % MINUTE,
        "day_only": False,
        "mentions": mentions,
        "copies": 0,
        "positive": 0,
        "negative": 0,
        "neutral": mentions,
        "engagement": 0,
        "authored": 0,
        "authors": sketch([f"{platform}:{at % 7}"]),
        "terms": {},
        "sources": {},
        "samples": [],
        "source_partition": 0,
        "watermark": at,
        "idle": False,
        "enriched_at": 0,
    }
    return Partial(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


class Partition:
    """One partition's rows and everything it has published."""

    def __init__(
        self, zone: str = "Asia/Jakarta", *, held_rows: int = 1_000_000, at_most: int = 10_000
    ) -> None:
        self.spans = Spans(zone)
        self.publisher = Publisher(
            rings=RINGS, at_most=at_most, held_rows=held_rows, bias=0.5, least=5, voices=3
        )
        self.rows: dict[str, Any] = {}
        self.baselines: dict[str, Any] = {}
        self.totals: dict[str, Any] = {}
        self.floors: dict[str, int] = {}
        self.heard = Heard(30 * DAY)
        self.held = Held()
        self.published: list[Trend] = []
        self.owed = 0

    def step(
        self, partials: Sequence[Partial], closing: int | None = None, dropping: int | None = None
    ) -> list[Trend]:
        """One committed batch that publishes; returns what was published, twins included."""
        step = self._step()
        for one in partials:
            if one["subject_kind"] == TOTALS:
                step.tell(one)
            else:
                step.fold(one, dropping)
        step.finish()
        sent: list[Trend] = []
        for _, trend, alone in self.publisher.publish(
            step, self.held, closing, dropping, 0, provisional=True
        ):
            sent.append(trend)
            if alone:
                twin_id = f"{trend['subject_kind']}:{trend['subject']}::{trend['window']}:{trend['start']}"
                sent.append({**trend, "platform": "", "id": twin_id})
        self.owed = step.owed(self.held, closing)
        self._commit(step)
        self.published += sent
        return sent

    def fold(self, partials: Sequence[Partial], dropping: int | None = None) -> None:
        """One committed batch that does not publish."""
        step = self._step()
        for one in partials:
            if one["subject_kind"] == TOTALS:
                step.tell(one)
            else:
                step.fold(one, dropping)
        step.finish()
        self.owed = step.owed(self.held, None)
        self._commit(step)

    def drain(self, closing: int | None = None, dropping: int | None = None) -> None:
        """Steps without partials until nothing is owed."""
        self.step([], closing, dropping)
        steps = 0
        while self.owed:
            self.step([], closing, dropping)
            steps += 1
            assert steps < 10_000, "what is owed must come to an end"

    def crash(self) -> None:
        """Lose all memory and come back from what the changelogs hold."""
        self.rows = json.loads(json.dumps(self.rows))
        self.baselines = json.loads(json.dumps(self.baselines))
        self.totals = json.loads(json.dumps(self.totals))
        self.held = Held()
        self.held.restore(self.rows, self.baselines)

    def latest(self) -> dict[str, Trend]:
        """The highest revision of every trend."""
        latest: dict[str, Trend] = {}
        for trend in self.published:
            if trend["id"] not in latest or trend["revision"] > latest[trend["id"]]["revision"]:
                latest[trend["id"]] = trend
        return latest

    def _step(self) -> Step:
        return Step(
            window=self.rows.get,
            baseline=self.baselines.get,
            total=self.totals.get,
            spans=self.spans,
            floors=self.floors,
            heard=self.heard,
            rings=RINGS,
        )

    def _commit(self, step: Step) -> None:
        for table, writes in (
            (self.rows, step.window_rows),
            (self.baselines, step.usual.rows),
            (self.totals, step.totals.rows),
        ):
            for key, row in writes.items():
                if row is None:
                    table.pop(key, None)
                else:
                    table[key] = row
        for key, end, row in step.changes():
            self.held.take(key, end, row)
        for key, known in step.usual.rows.items():
            self.held.taught.take(key, known)
        self.floors, self.heard = step.floors, step.heard
