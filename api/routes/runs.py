"""GET /api/v1/runs: what collectors did, newest first."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.parameters import MANY, Instant, Parameters, Word, read
from api.queries.runs import page
from api.services import services

Outcome = Annotated[str, StringConstraints(pattern="^(ok|empty|throttled|auth|error)$")]


class RunsParameters(Parameters):
    """Parameters of the list."""

    collector: list[Word] = Field([], max_length=MANY, description="names of collectors")
    source: list[Word] = Field([], max_length=MANY, description="what was read, within the collector")
    outcome: list[Outcome] = Field([], max_length=5, description="ok, empty, throttled, auth, error")
    since: Instant | None = Field(None, alias="from", description="earliest start, inclusive")
    until: Instant | None = Field(None, alias="to", description="latest start, exclusive")
    limit: int = Field(50, ge=1, le=500, description="runs a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = RunsParameters


async def runs(request: Request) -> Response:
    """Runs of collectors, empty and failed ones too."""
    parameters = read(RunsParameters, request.query_params)
    found, cursor = await page(
        services(request).store,
        narrowing={
            "collector": parameters.collector,
            "source": parameters.source,
            "outcome": parameters.outcome,
        },
        since=parameters.since,
        until=parameters.until,
        before=given_cursor(parameters.before),
        limit=parameters.limit,
    )
    return json_answer({"runs": found, "next": cursor_text(cursor) if cursor else None})
