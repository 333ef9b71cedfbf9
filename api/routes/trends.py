"""GET /api/v1/trends: the latest revision of trend windows, what is rising first."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, Instant, Kind, Parameters, Platform, Window, Word, read
from api.queries.trends import windows
from api.services import services
from api.span import DAY_MS, span


class TrendsParameters(Parameters):
    """Parameters of the list."""

    window: Window = Field("1h", description="1m, 5m, 1h or 1d")
    kind: list[Kind] = Field(
        [],
        max_length=10,
        description="kinds of subject: all, keyword, symbol, hashtag, pair, topic (by its id)",
    )
    subject: list[Word] = Field([], max_length=MANY, description="subjects within their kind")
    platform: Platform = Field(ALL_PLATFORMS, description="windows of this platform; `all`: of all together")
    since: Instant | None = Field(
        None, description="earliest start, inclusive; 24 h before `until` by default"
    )
    until: Instant | None = Field(None, description="latest start, exclusive; now by default")
    sort: Annotated[str, StringConstraints(pattern="^(display_score|mentions|start)$")] = Field(
        "display_score", description="display_score, mentions or start, highest first"
    )
    per_subject: int = Field(1, ge=1, le=1000, description="newest windows of each subject")
    limit: int = Field(50, ge=1, le=1000, description="windows in the answer")


PARAMETERS = TrendsParameters


async def trends(request: Request) -> Response:
    """Windows of subjects, the latest revision of each, the highest first.

    One window a subject unless more are asked for.
    """
    parameters = read(TrendsParameters, request.query_params)
    since, until = span(parameters.since, parameters.until, DAY_MS)
    found = await windows(
        services(request).store,
        window=parameters.window,
        kinds=parameters.kind,
        subjects=parameters.subject,
        platform="" if parameters.platform == ALL_PLATFORMS else parameters.platform,
        since=since,
        until=until,
        sort=parameters.sort,
        per_subject=parameters.per_subject,
        limit=parameters.limit,
    )
    return json_answer({"window": parameters.window, "since": since, "until": until, "trends": found})
