"""GET /api/v1/explain: a figure of the dashboard, the query that makes it, and the posts behind it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import Cursor, cursor_text, given_cursor
from api.figures import FIGURES, Figure
from api.literals import written_out
from api.parameters import Instant, Invalid, read, zone_of
from api.periods import Buckets, earlier
from api.queries import dashboard, explain
from api.routes.dashboard import DashboardParameters, head
from api.services import services
from api.store import Store


def _figure(name: str) -> str:
    if name not in FIGURES:
        raise ValueError(f"there is no figure {name[:100]!r}, must be one of {', '.join(FIGURES)}")
    return name


class ExplainParameters(DashboardParameters):
    """The figure, the parameters of the dashboard's answer that shows it, and which page of origins."""

    figure: Annotated[str, AfterValidator(_figure)] = Field(
        description=f"answer and field of the dashboard: {', '.join(FIGURES)}"
    )
    start: Instant | None = Field(None, description="only the bucket of a trend that starts then")
    limit: int = Field(50, ge=1, le=500, description="origins a page")
    before: str | None = Field(
        None, description="cursor of the page before: `next` of its answer; give its `to` as `until` with it"
    )


PARAMETERS = ExplainParameters


async def explained(request: Request) -> Response:
    """Why a figure of the dashboard is what it is: query, value now, models, coverage, and origins.

    `query` makes the figure, and may be sent to `/api/v1/sql` as it stands; `value` has the dashboard's shape. `origins` are
    the posts (of `stats.covered_buckets` the runs) it is made of, by topic, partition and offset, newest first; counted
    again from all pages they give the same value. `count` is how many there are.
    """
    parameters = read(ExplainParameters, request.query_params)
    store, figure, before = (
        services(request).store,
        FIGURES[parameters.figure],
        given_cursor(parameters.before),
    )
    cut = _cut(parameters, figure)
    given = dashboard.given(cut, parameters.keyword or "", parameters.platforms())
    query = written_out(figure.sql, given)
    rows, covered = await asyncio.gather(store.rows(query, {}), dashboard.covered(store, cut))
    value = figure.value(rows, cut, covered)
    behind = _behind(parameters, figure, cut, value)
    models, count, (origins, cursor) = await _origins(store, behind, cut, before, parameters.limit)
    return json_answer(
        {
            "figure": parameters.figure,
            **head(parameters, parameters.cut() if figure.of == "before" else cut),
            "value": value,
            "query": query,
            "models": models,
            "coverage": _coverage(cut, covered)
            if figure.of in {"now", "before", "keywords", "runs"}
            else None,
            "count": count,
            "origins": origins,
            "next": cursor_text(cursor) if cursor else None,
        }
    )


def _cut(parameters: ExplainParameters, figure: Figure) -> Buckets:
    """The buckets that the figure is about."""
    cut = parameters.cut()
    if figure.of == "before":
        cut = earlier(cut, parameters.period, zone_of(parameters.tz))
    if parameters.start is None:
        return cut
    if not figure.by_bucket:
        raise Invalid.one("start", f"{parameters.figure} has no buckets")
    start, millis = divmod(parameters.start, 1000)
    if millis or start not in cut.edges[:-1]:
        raise Invalid.one("start", f"no bucket starts then: they are {cut.bucket}s from {cut.start_ms}")
    at = list(cut.edges).index(start)
    return Buckets(cut.bucket, cut.edges[at : at + 2])


def _behind(parameters: ExplainParameters, figure: Figure, cut: Buckets, value: Any) -> explain.Behind | None:
    """The mentions behind the figure; None where it is made of runs, or of nothing."""
    if figure.of == "runs":
        return None
    if figure.of in {"all", "event_at", "landed_at"}:
        return explain.Behind(figure.of, cut, at=value or 0)
    keywords: Sequence[str] = [parameters.keyword] if parameters.keyword else []
    if figure.of == "keywords":
        # With none in the value nothing is behind it: '' is no keyword of a mention.
        keywords = [one["keyword"] for one in value] or [""]
    return explain.Behind("period", cut, keywords, parameters.platforms(), figure.sentiment)


async def _origins(
    store: Store, behind: explain.Behind | None, cut: Buckets, before: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], int, tuple[list[dict[str, Any]], Cursor | None]]:
    """The models, how many origins there are, and a page of them."""
    if behind is None:
        count, page = await asyncio.gather(
            explain.counted_runs(store, cut), explain.runs(store, cut, before, limit)
        )
        return [], count, page
    models, page = await asyncio.gather(
        explain.models(store, behind), explain.mentions(store, behind, before, limit)
    )
    return models, sum(one["mentions"] for one in models), page


def _coverage(cut: Buckets, covered: set[int]) -> dict[str, Any]:
    return {
        "from": cut.start_ms,
        "to": cut.end_ms,
        "buckets": len(cut.edges) - 1,
        "covered_buckets": len(covered),
        "uncovered": [edge * 1000 for edge in cut.edges[:-1] if edge not in covered],
    }
