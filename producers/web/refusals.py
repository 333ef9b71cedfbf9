"""What an HTTP status that is not 200 means: come back later, come back seldom, or come back when asked to."""

from collections.abc import Mapping
from datetime import UTC, datetime

from producers.base import Lasting
from producers.waits import retry_after_s
from schemas.errors import Backpressure, Retryable

_RETRY_AFTER_S = 60.0
_UNAUTHORIZED, _FORBIDDEN, _TIMEOUT, _TOO_EARLY, _TOO_MANY = 401, 403, 408, 425, 429
_ERRORS, _SERVER, _UNAVAILABLE = 400, 500, 503


class Status(Lasting):
    """An answer with a status that will not change by itself."""

    def __init__(self, message: str, status: int, *, denied: bool = False) -> None:
        super().__init__(message, denied=denied)
        self.status = status


def refused(status: int, told: str, headers: Mapping[str, str], *, with_credentials: bool) -> Retryable:
    """The decision; `told` is its message. 403 means that credentials were refused only where some were shown."""
    after_s = retry_after_s(headers.get("retry-after"), datetime.now(UTC))
    if status == _TOO_MANY or (status == _UNAVAILABLE and after_s is not None):
        return Backpressure(told, retry_after=after_s or _RETRY_AFTER_S)
    if status == _UNAUTHORIZED or (status == _FORBIDDEN and with_credentials):
        return Status(told, status, denied=True)
    if status >= _SERVER or status in (_TIMEOUT, _TOO_EARLY) or status < _ERRORS:
        return Retryable(told)
    return Status(told, status)
