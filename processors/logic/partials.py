"""Folds the mentions of one batch into partials: one per subject, platform and minute of event time."""

from collections.abc import Iterator, Mapping, Sequence

from processors.logic.sums import Sum
from schemas.events import Mention, Partial

MINUTE_MS = 60_000
MOST_ENGAGEMENT = 1 << 36
"""Of one post: more than anybody has. A claim of more counts as this, so that sums over a hundred million posts stay within 63 bits."""

WATERMARK = "watermark"
"""The subject kind of a partial that carries no counts, only how far a partition of posts is."""
TOTALS = "totals"
"""The subject kind of a partial that tells every partition how much of each platform a batch has: in `sources`, by `minute platform`."""


class PartialFold:
    """What one batch of one partition of posts adds to every subject it names."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, bool, str, str, str], Sum] = {}

    def add(self, mention: Mention, terms: Sequence[str]) -> None:
        """Count one mention under `all` and under each of its keywords, symbols and hashtags."""
        platform = mention["platform"]
        bucket = mention["event_at"] - mention["event_at"] % MINUTE_MS
        day_only = mention["published_precision"] == "day"
        author = author_of(mention)
        engagement = engagement_of(mention)
        for kind, subject in subjects_of(mention):
            key = (bucket, day_only, kind, subject, platform)
            total = self._sums.get(key)
            if total is None:
                total = self._sums[key] = Sum()
            total.add(mention["id"], mention["source"], author, mention["sentiment"], engagement, terms)

    def totals(self, source_partition: int, before: int, enriched_at: int) -> Partial:
        """How much of each platform the batch has, of what is known to the minute.

        To be sent before the partials: it then stands before every watermark by which one of its minutes may be over.
        """
        counts = {
            f"{bucket} {platform}": total.posts
            for (bucket, day_only, kind, _, platform), total in sorted(self._sums.items())
            if kind == "all" and not day_only
        }
        return totals_partial(counts, source_partition, before, enriched_at)

    def partials(
        self, source_partition: int, before: int, highest: int, enriched_at: int
    ) -> Iterator[Partial]:
        """The partials in order of their minutes, so that the watermark each carries never passes one still to come.

        `before` is the highest event_at of the partition before this batch, `highest` the one after it. A reader that has
        seen some of these must not believe that the minutes of the others are over.
        """
        for key in sorted(self._sums):
            bucket, day_only, kind, subject, platform = key
            total = self._sums[key]
            yield partial_of(
                kind,
                subject,
                platform,
                bucket,
                total,
                day_only=day_only,
                source_partition=source_partition,
                watermark=max(before, min(bucket, highest)),
                enriched_at=enriched_at,
            )


def partial_of(
    kind: str,
    subject: str,
    platform: str,
    bucket: int,
    total: Sum,
    *,
    day_only: bool,
    source_partition: int,
    watermark: int,
    enriched_at: int,
) -> Partial:
    """What posts of one partition add to one subject's minute; they were read, so that partition is not idle."""
    return {
        "subject_kind": kind,
        "subject": subject,
        "platform": platform,
        "bucket": bucket,
        "day_only": day_only,
        **total.figures(),  # type: ignore[typeddict-item]  # the fields that count, each one of Partial's
        "source_partition": source_partition,
        "watermark": watermark,
        "idle": False,
        "enriched_at": enriched_at,
    }


def watermark_partial(source_partition: int, watermark: int, enriched_at: int, *, idle: bool) -> Partial:
    """A partial without counts: the partition of posts has been read up to `watermark`, and to its end if `idle`."""
    return _told(WATERMARK, {}, source_partition, watermark, enriched_at, idle=idle)


def totals_partial(
    counts: Mapping[str, int], source_partition: int, watermark: int, enriched_at: int
) -> Partial:
    """A partial that tells how many posts of that partition there are by `minute platform`; what they are about is counted elsewhere."""
    return _told(TOTALS, counts, source_partition, watermark, enriched_at, idle=False)


def _told(
    kind: str,
    sources: Mapping[str, int],
    source_partition: int,
    watermark: int,
    enriched_at: int,
    *,
    idle: bool,
) -> Partial:
    """What every partition is told; the mentions of it are counted elsewhere."""
    return {
        "subject_kind": kind,
        "subject": str(source_partition),
        "platform": "",
        "bucket": watermark - watermark % MINUTE_MS,
        "day_only": False,
        "mentions": 0,
        "copies": 0,
        "positive": 0,
        "negative": 0,
        "neutral": 0,
        "engagement": 0,
        "authored": 0,
        "authors": b"",
        "terms": {},
        "sources": sources,
        "samples": [],
        "source_partition": source_partition,
        "watermark": watermark,
        "idle": idle,
        "enriched_at": enriched_at,
    }


def subjects_of(mention: Mention) -> Iterator[tuple[str, str]]:
    """(kind, subject) of everything a mention counts for."""
    yield "all", ""
    for keyword in mention["keywords"]:
        yield "keyword", keyword
    for symbol in mention["symbols"]:
        yield "symbol", symbol
    for hashtag in mention["hashtags"]:
        yield "hashtag", hashtag


def engagement_of(mention: Mention) -> int:
    """Likes, shares and comments together, between 0 and `MOST_ENGAGEMENT`."""
    told = sum(mention[part] or 0 for part in ("likes", "shares", "comments"))
    return min(max(told, 0), MOST_ENGAGEMENT)


def author_of(mention: Mention) -> str | None:
    """Who wrote it, told apart across platforms; None where the source does not say."""
    author = mention["author_id"] or mention["author_handle"] or mention["author_name"]
    return f"{mention['platform']}:{author}" if author else None
