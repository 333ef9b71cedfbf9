"""Local stand-ins for the outside world, one per collector: real servers that can go wrong in every way there is."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from producers.base import Collector
from producers.settings import ProducerSettings
from tests.support.upstream import Asked as Request

__all__ = ["Fault", "Request", "Upstream"]

Fault = Literal[
    "401",
    "403",
    "404",
    "429",  # without Retry-After
    "429-retry-after",  # with `seconds`
    "500",
    "empty",  # 200 without a body
    "frozen",  # 200 with the answer that it gave last, whatever was published since
    "slow",  # a body that comes by the byte, for longer than the collector has patience
    "cut",  # a connection that ends in the middle of the body
    "malformed",  # 200 with a body that is not what it says it is
    "drift-unknown",  # items with fields nobody knows
    "drift-missing",  # items without what makes them items
    "skew",  # items that are dated a day ahead
]


class Upstream(Protocol):
    """What the contract suite (tests/unit/collectors/test_contract.py) needs of the server of one collector."""

    @property
    def name(self) -> str:
        """The collector's name in the registry."""
        ...

    @property
    def topic(self) -> str:
        """Where what it has is published: `posts`, or `quotes`."""
        ...

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        ...

    @property
    def requests(self) -> Sequence[Request]:
        """All that came in, in order: path, query, headers, time."""
        ...

    def settings(self) -> dict[str, str]:
        """What points the collector here (`DENYUT_…` to value), with no pause longer than a test may take, and its own patience.

        Where an answer is `slow`, a test adds those of `impatient`."""
        ...

    def build(self, settings: ProducerSettings) -> Collector:
        """The collector of that name; one that follows keywords is given some that match what is published here."""
        ...

    def publish(self, n: int) -> list[str]:
        """Have `n` more items; the ids of the posts (of quotes `SYMBOL@TIME`) that they must become, oldest first."""
        ...

    def fault(self, kind: Fault, times: int = 1, **more: Any) -> None:
        """Let the next `times` answers about items (not those that only lead there: a login, robots.txt) go wrong so.

        With `times` 0 what was asked for before is over, of every kind.
        """
        ...

    def close(self) -> None:
        """Stop answering."""
        ...
