"""Whether a page may be read: the robots.txt of its host, asked for once a day."""

import time
from dataclasses import dataclass
from threading import Event, Lock
from urllib.parse import urlsplit

from producers.base import Lasting
from producers.web.fetch import Fetcher
from producers.web.refusals import Status
from producers.web.robots import Rules, rules_for

ROBOT = "Denyut"
"""What a robots.txt calls us."""

_KEPT_S = 86_400.0
_LONGEST_DELAY_S = 60.0
_MOST_HOSTS = 500


class Disallowed(Lasting):
    """The site does not want this to be read by us."""


@dataclass(frozen=True, slots=True)
class _Known:
    rules: Rules
    until: float


class Permits:
    """The rules of the hosts that were last asked for them; used by several threads."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._lock = Lock()
        self._known: dict[str, _Known] = {}

    def gap_s(
        self, url: str, stop: Event, total_s: float | None = None, found_at: str | None = None
    ) -> float:
        """Seconds to leave between two requests to the host of `url`, which may be read.

        A site without a robots.txt allows everything; one that cannot be asked for it now allows nothing yet. Raises
        Disallowed, also where a longer pause is asked for than there is time; Backpressure, Lasting and Retryable of asking,
        for which there are `total_s`. `found_at` is as for the fetcher.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise Lasting(f"no web address: {error}") from error
        root = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            known = self._known.get(root)
        if known is None or known.until < time.monotonic():
            known = _Known(self._ask(root, stop, total_s, found_at), time.monotonic() + _KEPT_S)
            with self._lock:
                self._known.pop(root, None)
                self._known[root] = known
                while len(self._known) > _MOST_HOSTS:
                    del self._known[next(iter(self._known))]
        if not known.rules.allows(url):
            raise Disallowed(f"the robots.txt of {parts.netloc} does not allow {parts.path[:200]!r}")
        delay_s = known.rules.delay_s or 0.0
        if delay_s > _LONGEST_DELAY_S:
            raise Disallowed(f"the robots.txt of {parts.netloc} asks for {delay_s:g} s between two requests")
        return delay_s

    def _ask(self, root: str, stop: Event, total_s: float | None, found_at: str | None) -> Rules:
        try:
            answer = self._fetcher.get(f"{root}/robots.txt", None, None, stop, total_s, found_at=found_at)
        except Status:
            return Rules()
        return Rules() if answer is None else rules_for(ROBOT, answer.body.decode("utf-8", "replace"))
