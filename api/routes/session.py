"""GET, POST, DELETE /api/v1/session: who a browser is known as; logging in and out, by a cookie no script can read."""

import time

from starlette.requests import Request
from starlette.responses import Response

from api.access.answers import forget, remember
from api.access.credentials import Credential, check_address
from api.access.guard import identified
from api.access.identity import Identity
from api.access.refusals import CredentialMissing, Foreign
from api.answers import json_answer
from api.parameters import Invalid, Parameters, read
from api.services import services

_MAX_BYTES = 3800
"""Browsers keep about 4,000 bytes of a cookie, its name and attributes among them."""


class NoParameters(Parameters):
    """None are taken."""


PARAMETERS = NoParameters


async def show(request: Request) -> Response:
    """Who asks, what that allows and until when; `user` null: nobody in particular, `anonymous`: who may read all the same."""
    check_address(request.scope["query_string"])
    read(NoParameters, request.query_params)
    try:
        found = identified(request)
    except CredentialMissing:
        return _session(request, None)
    return _session(request, found)


async def begin(request: Request) -> Response:
    """Log in: the body is a token or a key, which the browser keeps in a cookie (Secure, HttpOnly, SameSite=Strict) until it ends."""
    check_address(request.scope["query_string"])
    read(NoParameters, request.query_params)
    _own_site(request)
    text = await _body(request)
    found = services(request).gate.of(Credential(text))
    answer = _session(request, found)
    seconds = None if found.expires_at is None else max(1, int(found.expires_at - time.time()))
    remember(answer, text, seconds)
    return answer


async def end(request: Request) -> Response:
    """Log out: the browser forgets the cookie; what it opened before runs on until its own end."""
    check_address(request.scope["query_string"])
    read(NoParameters, request.query_params)
    _own_site(request)
    answer = _session(request, None)
    forget(answer)
    return answer


def _session(request: Request, found: Identity | None) -> Response:
    ends = None if found is None or found.expires_at is None else round(found.expires_at * 1000)
    return json_answer(
        {
            "anonymous": services(request).gate.anonymous,
            "user": None if found is None else found.user,
            "scopes": [] if found is None else sorted(found.scopes),
            "expires_at": ends,
        }
    )


def _own_site(request: Request) -> None:
    """Another site's page must not log its reader in or out."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Foreign("another site's page asks")


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            fault = {
                "loc": ["body"],
                "msg": f"a session's credential has at most {_MAX_BYTES} bytes",
                "type": "too_long",
            }
            raise Invalid([fault])
    text = body.decode("ascii", errors="replace").strip()
    if not text.isprintable() or not text.isascii() or not text or any(one in text for one in ' ";,\\'):
        raise Invalid([{"loc": ["body"], "msg": "must be a token or a key", "type": "not_a_credential"}])
    return text
