"""GET /api/v1/dashboard/…: figures of a period from minute data; null where nothing was listening."""

import asyncio
import time
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api import figures
from api.answers import json_answer
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, Instant, Parameters, Platform, Word, Zone, read, zone_of
from api.periods import Buckets, buckets, earlier
from api.queries import dashboard as query
from api.services import services

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
    return json_answer({**head(parameters, cut), "buckets": figures.series(cut, counts, covered)})


async def volume_trend(request: Request) -> Response:
    """Mentions of every bucket."""
    parameters, cut, counts, covered = await _counted(request)
    return json_answer(
        {**head(parameters, cut), "buckets": figures.series(cut, counts, covered, ["mentions"])}
    )


async def stats(request: Request) -> Response:
    """Totals of the period and of the equally long one before it, by sentiment, platform and keyword."""
    parameters = read(DashboardParameters, request.query_params)
    store, cut = services(request).store, parameters.cut()
    keyword, platforms = parameters.keyword or "", parameters.platforms()
    past = earlier(cut, parameters.period, zone_of(parameters.tz))
    now, before, keywords, covered, latest = await asyncio.gather(
        query.by_platform(store, cut, keyword, platforms),
        query.by_platform(store, past, keyword, platforms),
        query.top_keywords(store, cut, platforms),
        query.covered(store, cut),
        query.latest(store),
    )
    total, previous = figures.total(now), figures.total(before)
    return json_answer(
        {
            **head(parameters, cut),
            "mentions": sum(total.values()),
            "previous_mentions": sum(previous.values()),
            "sentiment": total,
            "previous_sentiment": previous,
            "platforms": figures.platforms(now),
            "keywords": keywords,
            "covered_buckets": len(covered),
            "buckets": len(cut.edges) - 1,
            "all_mentions": latest["rows"],
            "newest_event_at": latest["event_at"] or None,
            "newest_landed_at": latest["landed_at"] or None,
        }
    )


async def _counted(
    request: Request,
) -> tuple[DashboardParameters, Buckets, dict[int, query.Counts], set[int]]:
    """Parameters, buckets, what was counted in them, and which of them were covered."""
    parameters = read(DashboardParameters, request.query_params)
    store, cut = services(request).store, parameters.cut()
    counts, covered = await asyncio.gather(
        query.sentiment_by_bucket(store, cut, parameters.keyword or "", parameters.platforms()),
        query.covered(store, cut),
    )
    return parameters, cut, counts, covered


def head(parameters: DashboardParameters, cut: Buckets) -> dict[str, Any]:
    """What every answer about a period begins with."""
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
