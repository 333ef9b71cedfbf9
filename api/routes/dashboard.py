"""GET /api/v1/dashboard/…: figures of a period from minute data; null where nothing was listening."""

import asyncio
import time
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, Instant, Parameters, Platform, Word, Zone, read, zone_of
from api.periods import Buckets, before, buckets
from api.queries import dashboard as query
from api.services import services

Counts = dict[str, int]
Until = Annotated[Instant, Field(ge=20_000_000_000, le=4_294_000_000_000)]
"""Twice the longest period before it and all of its buckets are seconds that 32 bits without a sign hold."""


class DashboardParameters(Parameters):
    """Parameters of all dashboard figures."""

    period: Annotated[str, StringConstraints(pattern="^(24h|7d|30d|90d)$")] = Field(
        "24h", description="24h and 7d in hours, 30d and 90d in days"
    )
    keyword: Word | None = Field(None, description="only mentions of this keyword id")
    platform: list[Platform] = Field([], max_length=MANY, description="only these platforms")
    tz: Zone = Field("Asia/Jakarta", description="zone in which hours and days are cut")
    until: Until | None = Field(
        None,
        description="end of the period instead of now, from September 1970 to 2106 (ISO 8601 or epoch ms)",
    )

    def cut(self) -> Buckets:
        """The buckets of the period."""
        until = _now_ms() if self.until is None else self.until
        return buckets(self.period, zone_of(self.tz), until)

    def platforms(self) -> list[str]:
        """The platforms to keep; empty for any."""
        return [] if ALL_PLATFORMS in self.platform else self.platform


PARAMETERS = DashboardParameters


async def sentiment_trend(request: Request) -> Response:
    """Mentions by sentiment of every bucket."""
    parameters, cut, counts, covered = await _counted(request)
    series = [
        {"start": start * 1000, "end": end * 1000, **_sentiments(counts.get(start), start in covered)}
        for start, end in zip(cut.edges, cut.edges[1:], strict=False)
    ]
    return json_answer({**_head(parameters, cut), "buckets": series})


async def volume_trend(request: Request) -> Response:
    """Mentions of every bucket."""
    parameters, cut, counts, covered = await _counted(request)
    series = [
        {
            "start": start * 1000,
            "end": end * 1000,
            "mentions": _sentiments(counts.get(start), start in covered)["mentions"],
        }
        for start, end in zip(cut.edges, cut.edges[1:], strict=False)
    ]
    return json_answer({**_head(parameters, cut), "buckets": series})


async def stats(request: Request) -> Response:
    """Totals of the period and of the equally long one before it, by sentiment, platform and keyword."""
    parameters = read(DashboardParameters, request.query_params)
    store, cut = services(request).store, parameters.cut()
    keyword, platforms = parameters.keyword or "", parameters.platforms()
    start, end = cut.edges[0], cut.edges[-1]
    past = [edge // 1000 for edge in before(cut)]
    now, earlier, keywords, covered, latest = await asyncio.gather(
        query.by_platform(store, start, end, keyword, platforms),
        query.by_platform(store, past[0], past[1], keyword, platforms),
        query.top_keywords(store, start, end, platforms, 10),
        query.covered(store, cut),
        query.latest(store),
    )
    total, previous = _total(now), _total(earlier)
    return json_answer(
        {
            **_head(parameters, cut),
            "mentions": sum(total.values()),
            "previous_mentions": sum(previous.values()),
            "sentiment": total,
            "previous_sentiment": previous,
            "platforms": [
                {"platform": name, "mentions": sum(counts.values()), **counts}
                for name, counts in sorted(now.items(), key=lambda item: -sum(item[1].values()))
            ],
            "keywords": keywords,
            "covered_buckets": len(covered),
            "buckets": len(cut.edges) - 1,
            "all_mentions": latest["rows"],
            "newest_event_at": latest["event_at"] or None,
            "newest_landed_at": latest["landed_at"] or None,
        }
    )


async def _counted(request: Request) -> tuple[DashboardParameters, Buckets, dict[int, Counts], set[int]]:
    """Parameters, buckets, what was counted in them, and which of them were covered."""
    parameters = read(DashboardParameters, request.query_params)
    store, cut = services(request).store, parameters.cut()
    counts, covered = await asyncio.gather(
        query.sentiment_by_bucket(store, cut, parameters.keyword or "", parameters.platforms()),
        query.covered(store, cut),
    )
    return parameters, cut, counts, covered


def _sentiments(counts: Counts | None, covered: bool) -> dict[str, int | None]:
    """Counts of a bucket: 0 where covered, null where not."""
    if counts is None:
        nothing = 0 if covered else None
        return {"mentions": nothing, **dict.fromkeys(query.SENTIMENTS, nothing)}
    return {"mentions": sum(counts.values()), **counts}


def _total(by_platform: dict[str, Counts]) -> Counts:
    return {name: sum(counts[name] for counts in by_platform.values()) for name in query.SENTIMENTS}


def _head(parameters: DashboardParameters, cut: Buckets) -> dict[str, Any]:
    return {
        "period": parameters.period,
        "tz": parameters.tz,
        "bucket": cut.bucket,
        "from": cut.start_ms,
        "to": cut.end_ms,
        "keyword": parameters.keyword,
        "platform": parameters.platform,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
