"""Folds the copies of one batch into partials, so that trends count them beside the mentions they are among."""

from collections import Counter
from collections.abc import Iterator

from processors.logic.partials import MINUTE_MS, watermark_partial
from processors.logic.reach import Reach
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

    def partials(self, reach: Reach, enriched_at: int) -> Iterator[Partial]:
        """The partials in order of their minutes; each says again how far its partition was before these copies."""
        for (bucket, day_only, subject, platform, source), copies in sorted(self._copies.items()):
            kind, _, name = subject.partition(":")
            yield {
                **counted_up_to(reach, source, enriched_at),
                "subject_kind": kind,
                "subject": name,
                "platform": platform,
                "bucket": bucket,
                "day_only": day_only,
                "copies": copies,
            }


def counted_up_to(reach: Reach, partition: int, enriched_at: int) -> Partial:
    """A partial without counts that says how far copies from that partition have been counted."""
    watermark, idle = reach.of(partition)
    return watermark_partial(echo(partition), watermark, enriched_at, idle=idle)
