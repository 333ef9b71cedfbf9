"""Signatures of requests: HMAC-SHA256 over time and body, good for five minutes and for one request."""

import hashlib
import hmac
from threading import Lock

WINDOW_S = 300
"""How far the time of a request may be from ours, before or after."""

TIME, SIGNATURE = "x-denyut-time", "x-denyut-signature"


class Unsigned(Exception):  # noqa: N818 -- named for what it says
    """The request is not signed as it should be; the message says how."""


def signature(key: str, at: str, body: bytes) -> str:
    """What stands in X-Denyut-Signature for `body` sent at `at` (epoch seconds in decimal, as in X-Denyut-Time)."""
    return "sha256=" + hmac.new(key.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(key: str, at: str, given: str, body: bytes, now: float) -> None:
    """Raises Unsigned where `given` is not the signature of `body` at `at`, or `at` is not about `now`."""
    if not (at.isascii() and at.isdigit() and len(at) <= 12):  # noqa: PLR2004 -- digits of any time to come
        raise Unsigned("X-Denyut-Time is not in epoch seconds")
    if not hmac.compare_digest(signature(key, at, body).encode(), given.encode("utf-8", "replace")):
        raise Unsigned("X-Denyut-Signature is not that of this time and body")
    if abs(now - int(at)) > WINDOW_S:
        raise Unsigned(f"X-Denyut-Time is more than {WINDOW_S} s from now")


class Used:
    """Signatures that were used within their window; others are refused by their time. Used by several threads.

    They are forgotten at a restart: what is replayed then within the window has the ids that it had, and adds nothing.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: dict[str, float] = {}

    def take(self, given: str, now: float) -> bool:
        """Use `given`; False where it has been."""
        with self._lock:
            for one in [one for one, until in self._until.items() if until < now]:
                del self._until[one]
            if given in self._until:
                return False
            self._until[given] = now + 2 * WINDOW_S
            return True

    def give_back(self, given: str) -> None:
        """What was sent with `given` was not taken: it may be sent again as it is."""
        with self._lock:
            self._until.pop(given, None)
