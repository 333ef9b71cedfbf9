"""GET /api/v1/mentions: landed mentions, newest first, with the position at which the stream goes on."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request

from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.parameters import MANY, Instant, MentionFilters, Word, read
from api.positions import TopicPosition, encode
from api.queries.mentions import page
from api.services import services


class MentionsParameters(MentionFilters):
    """Parameters of the list."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="words that title and text must contain as they stand, case aside"
    )
    id: list[Word] = Field([], max_length=MANY, description="only these post ids")
    since: Instant | None = Field(None, description="event time, inclusive (ISO 8601 or epoch ms)")
    until: Instant | None = Field(None, description="event time, exclusive (ISO 8601 or epoch ms)")
    limit: int = Field(50, ge=1, le=500, description="mentions a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = MentionsParameters


async def mentions(request: Request) -> Any:
    """Landed mentions, newest first.

    Exactly those before the position in the answer: the stream from there repeats and misses none.
    """
    parameters = read(MentionsParameters, request.query_params)
    own = services(request)
    before = given_cursor(parameters.before)
    at = own.hub.position(("mentions",))["mentions"]
    # What the sink has committed has landed; rows beyond it belong to the stream.
    landed = await own.landed.offsets("mentions", len(at.offsets))
    found, cursor = await page(
        own.store,
        parameters,
        landed=landed,
        ids=parameters.id,
        text=parameters.q or "",
        since=parameters.since,
        until=parameters.until,
        before=before,
        limit=parameters.limit,
    )
    return json_answer(
        {
            "mentions": found,
            "next": cursor_text(cursor) if cursor else None,
            "position": encode({"mentions": TopicPosition(at.epoch, landed)}),
        }
    )
