"""GET /api/v1/alerts: landed alerts, newest first, with the position at which the stream goes on."""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.access.guard import identity_of
from api.answers import json_answer
from api.cursors import cursor_text, given_cursor
from api.filters import ALL_PLATFORMS
from api.parameters import MANY, AlertKind, Instant, Invalid, Parameters, Platform, Severity, Word, read
from api.positions import TopicPosition, encode
from api.queries.alerts import page
from api.services import services


class AlertsParameters(Parameters):
    """Parameters of the list."""

    rule: list[Word] = Field([], max_length=MANY, description="ids of rules")
    kind: list[AlertKind] = Field([], max_length=10, description="kinds of alert")
    severity: list[Severity] = Field([], max_length=3, description="info, warning, critical")
    subject: list[Word] = Field(
        [], max_length=MANY, description="subjects as kind:value: symbol:BBCA.JK, all:"
    )
    platform: list[Platform] = Field([], max_length=MANY, description="platforms; `all` is any")
    since: Instant | None = Field(
        None, alias="from", description="earliest event time it fired at, inclusive"
    )
    until: Instant | None = Field(None, alias="to", description="latest event time it fired at, exclusive")
    own: bool = Field(False, description="only those of whoever asks")
    limit: int = Field(50, ge=1, le=500, description="alerts a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = AlertsParameters


async def alerts(request: Request) -> Response:
    """Everyone's alerts and those of whoever asks, with their evidence; exactly those before the position in the answer.

    An alert of a rule that belongs to somebody is shown to that user alone, as on the stream, and only where the server was
    given a reader for them; where it was not, `own` is refused.
    """
    parameters = read(AlertsParameters, request.query_params)
    own = services(request)
    identity = identity_of(request)
    if parameters.own and own.owners is None:
        raise Invalid.one("own", "owners are shown theirs on the stream alone here")
    # Who has no name needs no reader from whom nothing is hidden.
    store = own.owners if identity.user is not None and own.owners is not None else own.store
    before = given_cursor(parameters.before)
    at = own.hub.position(("alerts",))["alerts"]
    landed = await own.landed.offsets("alerts", len(at.offsets))
    found, cursor = await page(
        store,
        landed=landed,
        owners=identity.owners(own=parameters.own),
        narrowing={
            "rule_id": parameters.rule,
            "kind": parameters.kind,
            "severity": parameters.severity,
            "subject": parameters.subject,
            "platform": [] if ALL_PLATFORMS in parameters.platform else parameters.platform,
        },
        since=parameters.since,
        until=parameters.until,
        before=before,
        limit=parameters.limit,
    )
    return json_answer(
        {
            "alerts": found,
            "next": cursor_text(cursor) if cursor else None,
            "position": encode({"alerts": TopicPosition(at.epoch, landed)}),
        }
    )
