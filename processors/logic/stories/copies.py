"""Folds the copies of one batch into partials, so that trends count them beside the mentions they are among."""

from collections import Counter
from collections.abc import Iterator

from processors.logic.partials import MINUTE_MS, watermark_partial
from processors.logic.watermarks import echo
from schemas.events import Fingerprint, Partial

ALL = "all:"


class CopyFold:
    """What the copies of one batch add to every subject they name, by the partition of posts they came from."""

    def __init__(self) -> None:
        self._copies: Counter[tuple[int, bool, str, str, int]] = Counter()

    def add(self, told: Fingerprint) -> None:
        """Count one copy under `all` and under each of its subjects."""
        bucket = told["event_at"] - told["event_at"] % MINUTE_MS
        for subject in (ALL, *told["subjects"]):
            key = (bucket, told["day_only"], subject, told["platform"], told["source_partition"])
            self._copies[key] += 1

    def partials(self, told: "Told", enriched_at: int) -> Iterator[Partial]:
        """The partials in order of their minutes; each says again how far its partition was before these copies."""
        for (bucket, day_only, subject, platform, source), copies in sorted(self._copies.items()):
            kind, _, name = subject.partition(":")
            yield {
                **told.partial(source, enriched_at),
                "subject_kind": kind,
                "subject": name,
                "platform": platform,
                "bucket": bucket,
                "day_only": day_only,
                "copies": copies,
            }


class Told:
    """How far each partition of posts is as `stories` has told it: [watermark, idle] by partition, kept as rows."""

    def __init__(self, rows: dict[int, tuple[int, bool]]) -> None:
        self.rows = dict(rows)

    def copy(self) -> "Told":
        """Another one that changes on its own."""
        return Told(self.rows)

    def hear(self, told: Fingerprint) -> bool:
        """Take note of a watermark; whether it says anything new."""
        partition = told["source_partition"]
        known = self.rows.get(partition)
        after = (max(told["watermark"], known[0] if known else 0), told["idle"])
        self.rows[partition] = after
        return after != known

    def partial(self, partition: int, enriched_at: int) -> Partial:
        """A partial without counts that says how far copies from that partition have been counted."""
        watermark, idle = self.rows.get(partition, (0, False))
        return watermark_partial(echo(partition), watermark, enriched_at, idle=idle)
