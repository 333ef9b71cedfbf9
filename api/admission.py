"""Admission: how many streams there may be, in all, to one address and to one user, and how many may be opened a second."""

import time
from collections import Counter
from collections.abc import Callable

from api.errors import Refused
from api.settings import ApiSettings
from api.telemetry import REFUSED

_BURST_S = 2.0
_LATER_S = 5


class Place:
    """One stream's place."""

    __slots__ = ("_address", "_admission", "_left", "_user")

    def __init__(self, admission: "Admission", address: str, user: str | None) -> None:
        self._admission = admission
        self._address = address
        self._user = user
        self._left = False

    def leave(self) -> None:
        """Give it back, once."""
        if not self._left:
            self._left = True
            self._admission.leave(self._address, self._user)


class Admission:
    """Counts streams; whoever is one too many is refused with when to come back, before anything is done for him."""

    def __init__(self, settings: ApiSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = settings.stream_total
        self._per_address = settings.stream_per_address
        self._per_user = settings.stream_per_user
        self._rate = settings.stream_openings_s
        self._clock = clock
        self._open = 0
        self._addresses: Counter[str] = Counter()
        self._users: Counter[str] = Counter()
        self._burst = max(1.0, self._rate * _BURST_S)
        self._tokens = self._burst
        self._counted_at = clock()

    def enter(self, address: str, user: str | None = None) -> "Place":
        """A place for one stream, to be left when it ends; `user` is None for anybody.

        Raises:
            Refused: 429 where the address or the user has its share, 503 where the process has.
        """
        if self._open >= self._total:
            said = f"{self._total} streams are open here, which is the limit"
            raise self._refused("total", 503, said, _LATER_S)
        if self._addresses[address] >= self._per_address:
            said = f"{self._per_address} streams are open to this address, which is the limit"
            raise self._refused("address", 429, said, _LATER_S)
        if user is not None and self._users[user] >= self._per_user:
            said = f"{self._per_user} streams are open to this user, which is the limit"
            raise self._refused("user", 429, said, _LATER_S)
        self._take_token()
        self._open += 1
        self._addresses[address] += 1
        if user is not None:
            self._users[user] += 1
        return Place(self, address, user)

    def leave(self, address: str, user: str | None) -> None:
        """A stream to this address, of this user, has ended."""
        self._open -= 1
        _decrement(self._addresses, address)
        if user is not None:
            _decrement(self._users, user)

    def _take_token(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        if self._tokens < 1:
            said = f"more than {self._rate:g} streams a second are being opened"
            raise self._refused("openings", 503, said, max(1, round((1 - self._tokens) / self._rate)))
        self._tokens -= 1

    @staticmethod
    def _refused(limit: str, status: int, said: str, retry_after_s: int) -> Refused:
        REFUSED.labels(limit=limit).inc()
        return Refused(status, said, retry_after_s)


def _decrement(counted: Counter[str], name: str) -> None:
    """One less; who has none is forgotten, so that it does not grow with all who ever came."""
    counted[name] -= 1
    if not counted[name]:
        del counted[name]
