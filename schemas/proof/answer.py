"""What a proof says: totals, the ledger by source and hour, and every difference by name."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Row = Mapping[str, Any]
LedgerPlace = tuple[int, str]
"""(hour in ms, source) of a row of the ledger."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not add up.

    `what` is one of hole, overlap, uncovered, miscounted, lost, receipt, unlanded, ledger, doubled, metrics. `topic`,
    `partition` and `offsets` (first and last, both inclusive) are None where it has no such place.
    """

    what: str
    where: str
    expected: int
    found: int
    detail: str
    topic: str | None = None
    partition: int | None = None
    offsets: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The totals, a page of the ledger and the differences; it holds where there are none.

    `kept_since` says from when on (ms) each table still has everything: nothing older can be proven. `cut` says that
    there are more differences than are named.
    """

    totals: Mapping[str, int]
    ledger: Sequence[Row]
    next: LedgerPlace | None
    differences: Sequence[Difference]
    cut: bool
    kept_since: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether everything adds up."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `next` is said in other ways."""
        return {
            "holds": self.holds,
            **self.totals,
            "ledger": [dict(row) for row in self.ledger],
            "differences": [asdict(one) for one in self.differences],
            "cut": self.cut,
            "kept_since": dict(self.kept_since),
        }
