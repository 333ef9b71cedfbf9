"""GET /api/v1/stories: posts that say the same; /api/v1/stories/{id}: one of them with its posts."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, Instant, Parameters, Platform, Word, read, with_path
from api.queries import stories as query
from api.services import services
from api.span import DAY_MS, span


class StoriesParameters(Parameters):
    """Parameters of the list."""

    subject: list[Word] = Field(
        [], max_length=MANY, description="subjects as kind:value: symbol:BBCA.JK, keyword:inflasi"
    )
    platform: list[Platform] = Field(
        [], max_length=MANY, description="platforms that any of its posts is on; `all` is any"
    )
    since: Instant | None = Field(
        None, description="earliest event time of its latest post, inclusive; 24 h before `until` by default"
    )
    until: Instant | None = Field(
        None, description="latest event time of its latest post, exclusive; now by default"
    )
    min_copies: int = Field(1, ge=0, le=1_000_000_000, description="the fewest copies that are shown")
    sort: Annotated[str, StringConstraints(pattern="^(copies|last_seen)$")] = Field(
        "copies", description="copies or last_seen, highest first"
    )
    limit: int = Field(50, ge=1, le=500, description="stories a page")
    before: str | None = Field(
        None, description="cursor of the page before: `next` of its answer, with the same `sort`"
    )


class StoryParameters(Parameters):
    """Parameters of one story; its id stands in the path."""

    id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")] = Field(description="the story's id")
    limit: int = Field(100, ge=1, le=500, description="posts a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = StoriesParameters


async def stories(request: Request) -> Response:
    """Posts that say the same, the latest revision of each story, the most copied first.

    Without `since` and `until` those with a post in the last 24 hours.
    """
    parameters = read(StoriesParameters, request.query_params)
    before = given_cursor(parameters.before)
    since, until = span(parameters.since, parameters.until, DAY_MS)
    found, cursor = await query.page(
        services(request).store,
        subjects=parameters.subject,
        platforms=[] if ALL_PLATFORMS in parameters.platform else parameters.platform,
        since=since,
        until=until,
        copies=parameters.min_copies,
        sort=parameters.sort,
        before=before,
        limit=parameters.limit,
    )
    answer = {"since": since, "until": until, "stories": found}
    return json_answer({**answer, "next": cursor_text(cursor) if cursor else None})


async def story(request: Request) -> Response:
    """One story and its posts, newest first, with how much of the smaller text stands in the other.

    404 where no such story has landed.
    """
    parameters = read(StoryParameters, with_path(request))
    before = given_cursor(parameters.before)
    store = services(request).store
    found = await query.story(store, parameters.id)
    if found is None:
        raise HTTPException(404, "no such story has landed")
    posts, cursor = await query.posts(store, parameters.id, before, parameters.limit)
    return json_answer({"story": found, "posts": posts, "next": cursor_text(cursor) if cursor else None})
