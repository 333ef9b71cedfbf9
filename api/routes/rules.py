"""GET /api/v1/rules: what people are told of, as it stands, in the order of the ids."""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.access.guard import identity_of
from api.answers import json_answer
from api.cursors import given_place, place_text
from api.parameters import MANY, AlertKind, Parameters, Severity, Word, read
from api.services import services


class RulesParameters(Parameters):
    """Parameters of the list."""

    kind: list[AlertKind] = Field([], max_length=10, description="kinds of rule")
    severity: list[Severity] = Field([], max_length=3, description="info, warning, critical")
    subject: list[Word] = Field(
        [], max_length=MANY, description="subjects as the rules have them: all:, keyword:*, symbol:BBCA.JK"
    )
    active: bool | None = Field(None, description="those that are watched for now, or those that are not")
    own: bool = Field(False, description="only those of whoever asks")
    limit: int = Field(50, ge=1, le=500, description="rules a page")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = RulesParameters


async def rules(request: Request) -> Response:
    """Everyone's rules and those of whoever asks, each in its latest revision; nobody else's are shown.

    With every change that was made before the request.
    """
    parameters = read(RulesParameters, request.query_params)
    after = given_place(parameters.before)
    owners = identity_of(request).owners(own=parameters.own)
    found = [
        rule
        for name, rule in sorted((await services(request).rules.now()).items())
        if rule["owner"] in owners
        and (after is None or name > after[1])
        and (not parameters.kind or rule["kind"] in parameters.kind)
        and (not parameters.severity or rule["severity"] in parameters.severity)
        and (not parameters.subject or rule["subject"] in parameters.subject)
        and parameters.active in (None, rule["active"])
    ]
    page = found[: parameters.limit]
    more = len(found) > len(page)
    return json_answer({"rules": page, "next": place_text(0, page[-1]["id"]) if more else None})
