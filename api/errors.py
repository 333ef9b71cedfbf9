"""Errors as answers: always JSON, never a traceback."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.access.answers import access_refused
from api.access.refusals import AccessRefused
from api.parameters import Invalid
from schemas.errors import Backpressure, Retryable

log = structlog.get_logger()

_RETRY_AFTER_S = 2


class Refused(Exception):  # noqa: N818 -- named for what becomes of the request
    """A limit refuses a request that may be made again later."""

    def __init__(self, status: int, said: str, retry_after_s: int) -> None:
        super().__init__(said)
        self.status = status
        self.retry_after_s = retry_after_s


async def limited(_: Request, error: Exception) -> Response:
    """429 or 503 with when to come back."""
    if not isinstance(error, Refused):
        raise error
    return JSONResponse(
        {"detail": str(error)},
        status_code=error.status,
        headers={"Retry-After": str(error.retry_after_s)},
    )


async def invalid(_: Request, error: Exception) -> Response:
    """422 with what is wrong where."""
    if not isinstance(error, Invalid):
        raise error
    return JSONResponse({"detail": error.errors}, status_code=422)


async def unavailable(request: Request, error: Exception) -> Response:
    """503: Kafka or ClickHouse cannot answer now, the same request may work later."""
    after = error.retry_after if isinstance(error, Backpressure) else _RETRY_AFTER_S
    log.warning("unavailable", path=request.url.path, error=str(error))
    return JSONResponse({"detail": str(error)}, status_code=503, headers={"Retry-After": str(round(after))})


async def refused(_: Request, error: Exception) -> Response:
    """404, 405 and what else Starlette refuses."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"detail": error.detail}, status_code=error.status_code, headers=error.headers)


async def failed(request: Request, error: Exception) -> Response:
    """500: a bug of ours; the log has it, the client does not."""
    log.error("request_failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
    return JSONResponse({"detail": "internal error"}, status_code=500)


HANDLERS = {
    AccessRefused: access_refused,
    Invalid: invalid,
    Refused: limited,
    Retryable: unavailable,
    HTTPException: refused,
    Exception: failed,
}
