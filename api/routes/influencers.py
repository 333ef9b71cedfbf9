"""GET /api/v1/influencers: authors by their score, with its parts and the signals that speak against them."""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, Instant, Parameters, Platform, Word, read
from api.queries import influencers as query
from api.services import services
from api.span import DAY_MS, span

_MONTH_MS = 30 * DAY_MS


class InfluencersParameters(Parameters):
    """Parameters of the list."""

    subject: list[Word] = Field(
        [],
        max_length=MANY,
        description="subjects that are among the most frequent ones of the author, as kind:value: symbol:BBCA.JK, keyword:inflasi",
    )
    platform: list[Platform] = Field([], max_length=MANY, description="platforms; `all` is any")
    min_followers: int = Field(
        0, ge=0, le=1_000_000_000_000, description="the fewest followers; unknown ones are none"
    )
    flagged: bool | None = Field(
        None, description="only authors with signals of spam or coordination, or only those without"
    )
    since: Instant | None = Field(
        None,
        description="earliest event time of the latest post, inclusive; 30 days before `until` by default",
    )
    until: Instant | None = Field(
        None, description="latest event time of the latest post, exclusive; now by default"
    )
    limit: int = Field(50, ge=1, le=500, description="authors a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


async def influencers(request: Request) -> Response:
    """Authors, the latest revision of each profile, the highest score first.

    Every part of the score is a field of its own, and every signal lists its evidence. Without `since` and `until` those
    with a post in the last 30 days.
    """
    parameters = read(InfluencersParameters, request.query_params)
    before = given_cursor(parameters.before)
    since, until = span(parameters.since, parameters.until, _MONTH_MS)
    found, cursor = await query.page(
        services(request).store,
        subjects=parameters.subject,
        platforms=[] if ALL_PLATFORMS in parameters.platform else parameters.platform,
        since=since,
        until=until,
        followers=parameters.min_followers,
        flagged=parameters.flagged,
        before=before,
        limit=parameters.limit,
    )
    answer = {"since": since, "until": until, "influencers": found}
    return json_answer({**answer, "next": cursor_text(cursor) if cursor else None})
