"""GET /api/v1/topics: what stories speak of; /api/v1/topics/{id}: one topic with its stories."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.parameters import MANY, Instant, Parameters, Word, read, with_path
from api.queries import topics as query
from api.services import services
from api.span import DAY_MS, span


class TopicsParameters(Parameters):
    """Parameters of the list."""

    hashtag: list[Word] = Field(
        [], max_length=MANY, description="hashtags, without #, of which any is among a topic's"
    )
    text: Word | None = Field(
        None, description="words that must stand, in whatever case, in a topic's label or one of its terms"
    )
    since: Instant | None = Field(
        None, description="earliest event time of its latest post, inclusive; 24 h before `until` by default"
    )
    until: Instant | None = Field(
        None, description="latest event time of its latest post, exclusive; now by default"
    )
    min_stories: int = Field(2, ge=1, le=1_000_000_000, description="the fewest stories that are shown")
    sort: Annotated[str, StringConstraints(pattern="^(trending|mentions|last_seen)$")] = Field(
        "trending", description="trending, mentions or last_seen, highest first"
    )
    limit: int = Field(20, ge=1, le=200, description="topics a page")
    before: str | None = Field(
        None, description="cursor of the page before: `next` of its answer, with the same `sort`"
    )


class TopicParameters(Parameters):
    """Parameters of one topic; its id stands in the path."""

    id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")] = Field(description="the topic's id")
    limit: int = Field(100, ge=1, le=500, description="stories a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = TopicsParameters


async def topics(request: Request) -> Response:
    """What stories speak of, the latest revision of each topic, those that rise most first, with their samples.

    Without `since` and `until` those with a post in the last 24 hours. `samples` are the stories that topics of this page name
    in `sample_ids`. A topic that has gone into another one is left out.
    """
    parameters = read(TopicsParameters, request.query_params)
    before = given_cursor(parameters.before)
    since, until = span(parameters.since, parameters.until, DAY_MS)
    store = services(request).store
    found, cursor = await query.page(
        store,
        hashtags=parameters.hashtag,
        text=(parameters.text or "").lower(),
        since=since,
        until=until,
        stories=parameters.min_stories,
        sort=parameters.sort,
        before=before,
        limit=parameters.limit,
    )
    named = list(dict.fromkeys(one for topic in found for one in topic["sample_ids"]))
    earliest = min((topic["first_seen"] for topic in found), default=0)
    samples = await query.stories(store, named, earliest)
    answer = {"since": since, "until": until, "topics": found, "samples": samples}
    return json_answer({**answer, "next": cursor_text(cursor) if cursor else None})


async def topic(request: Request) -> Response:
    """One topic and its stories, those that joined last first: how each came to belong to it, and the stories themselves.

    404 where no such topic has landed. Of a topic that has gone into another one, `merged_into` names that; it has no stories.
    """
    parameters = read(TopicParameters, with_path(request))
    before = given_cursor(parameters.before)
    store = services(request).store
    found = await query.topic(store, parameters.id)
    if found is None:
        raise HTTPException(404, "no such topic has landed")
    joined, cursor = await query.members(store, parameters.id, before, parameters.limit)
    told = await query.stories(store, [one["story_id"] for one in joined], found["first_seen"])
    answer = {"topic": found, "assignments": joined, "stories": told}
    return json_answer({**answer, "next": cursor_text(cursor) if cursor else None})
