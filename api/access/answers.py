"""Refusals of access as answers."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.access.credentials import COOKIE
from api.access.refusals import AccessRefused, CredentialRefused


async def access_refused(request: Request, error: Exception) -> Response:
    """400, 401 or 403 with the challenge; a cookie that does not hold any more is taken back."""
    if not isinstance(error, AccessRefused):
        raise error
    answer = JSONResponse(
        {"detail": str(error)},
        status_code=error.status,
        headers={"WWW-Authenticate": error.challenge, "Cache-Control": "no-store"},
    )
    if isinstance(error, CredentialRefused) and _by_cookie_alone(request.headers):
        forget(answer)
    return answer


def remember(answer: Response, credential: str, seconds: int | None) -> None:
    """Let the browser keep a credential for so long; None: as long as it runs."""
    answer.set_cookie(
        COOKIE, credential, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def forget(answer: Response) -> None:
    """Let the browser forget it."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


def _by_cookie_alone(headers: Headers) -> bool:
    return (
        "authorization" not in headers and "x-api-key" not in headers and COOKIE in headers.get("cookie", "")
    )
