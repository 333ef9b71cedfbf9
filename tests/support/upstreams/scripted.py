"""What the servers of all collectors have in common: how an answer goes wrong, and what they were asked."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from producers import registry
from producers.base import Collector
from producers.clock import now_ms
from producers.settings import ProducerSettings
from tests.support.upstream import Asked, Reply
from tests.support.upstream import Upstream as Server
from tests.support.upstreams import Fault

Twist = Literal["drift-unknown", "drift-missing", "skew"]
"""A fault that only who knows the format can make."""

Answer = Callable[[Asked, Twist | None], Reply]

_TWISTS: tuple[Twist, ...] = ("drift-unknown", "drift-missing", "skew")
_PAGED = frozenset({"after", "pageToken", "until_id"})
_RETRY_AFTER_S = 7
_DRIP_S = 0.05


@dataclass(frozen=True)
class Given:
    """An answer that went wrong: how, to what, and when (epoch milliseconds)."""

    kind: Fault
    path: str
    at: int


def _later(asked: Asked) -> bool:
    """Whether it asks for a page after the first: one that is stale among fresh ones is no source that stands still."""
    return asked.query.get("page", "1") != "1" or not _PAGED.isdisjoint(asked.query)


class Scripted(ABC):
    """A server with faults; a subclass says with `serve` what is asked for where, and makes the items."""

    name: str
    topic = "posts"
    malformed = Reply(body=b"\x00\xff<not {what it says", headers={"Content-Type": "application/json"})

    def __init__(self, server: Server | None = None) -> None:
        """`server` is one that answers for somebody else, too."""
        self.server = server or Server()
        self.given: list[Given] = []
        """Every fault that somebody has met."""
        self._faults: deque[tuple[Fault, dict[str, Any]]] = deque()
        self._last: dict[tuple[str, tuple[tuple[str, str], ...]], Reply] = {}

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """What points the collector here."""

    @abstractmethod
    def publish(self, n: int) -> list[str]:
        """Have `n` more items; the ids of their posts, oldest first."""

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        return self.server.url

    @property
    def requests(self) -> Sequence[Asked]:
        """All that came in."""
        return self.server.asked

    def build(self, settings: ProducerSettings) -> Collector:
        """The collector, as the registry builds it."""
        return registry.build(self.name, settings)

    def fault(self, kind: Fault, times: int = 1, **more: Any) -> None:
        """Let the next `times` answers of what is served go wrong; 0: none any more.

        More: `path`, where alone; `seconds` of Retry-After, or that a slow body takes at least.
        """
        with self.server.lock:
            if times == 0:
                self._faults.clear()
            self._faults.extend([(kind, more)] * times)

    def close(self) -> None:
        """Stop answering."""
        self.server.close()

    def serve(self, path: str, answer: Answer) -> None:
        """Answer about items at `path`, faults included; what is not about items goes into `server.answers`."""

        def served(asked: Asked) -> Reply:
            kind, more = self.due(asked)
            place = (asked.path, tuple(sorted(asked.query.items())))
            if kind == "frozen" and place in self._last:
                return self._last[place]
            reply = answer(asked, next((twist for twist in _TWISTS if twist == kind), None))
            if kind is None and reply.status == 200:
                self._last[place] = reply
            return self._wrong(kind, more, reply)

        self.server.answers[path] = served

    def due(self, asked: Asked) -> tuple[Fault | None, dict[str, Any]]:
        """The fault that this question meets, which is over by that, and its `more`."""
        with self.server.lock:
            if not self._faults or self._faults[0][1].get("path", asked.path) != asked.path:
                return None, {}
            if self._faults[0][0] == "frozen" and _later(asked):
                return None, {}
            kind, more = self._faults.popleft()
            self.given.append(Given(kind, asked.path, now_ms()))
            return kind, more

    @property
    def waiting(self) -> bool:
        """Whether a fault is still to be met."""
        with self.server.lock:
            return bool(self._faults)

    def _wrong(self, kind: Fault | None, more: dict[str, Any], reply: Reply) -> Reply:
        body, headers = reply.body, reply.headers
        match kind:
            case "401" | "403" | "404" | "429" | "500":
                reply = Reply(int(kind), b"no")
            case "429-retry-after":
                reply = Reply(429, b"no", {"Retry-After": str(more.get("seconds", _RETRY_AFTER_S))})
            case "empty":
                reply = Reply(headers={"Content-Type": headers.get("Content-Type", "text/plain")})
            case "slow":
                drip_s = max(_DRIP_S, more.get("seconds", 0.0) / max(1, len(body)))
                reply = Reply(body=body, headers=headers, drip_s=drip_s)
            case "cut":
                reply = Reply(body=body, headers=headers, cut=len(body) // 2)
            case "malformed":
                reply = self.malformed
        return reply
