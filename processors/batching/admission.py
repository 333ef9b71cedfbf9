"""Whether what a fetch brought continues a lane's cursor: nothing is processed twice, nothing is skipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.record import Record


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought of one partition.

    `before` and `after` are the reader's positions around it: what lies between and is not in `records` was a
    transaction marker, an aborted record or compacted away. `stable_end` is the last stable offset, once known.
    """

    before: int
    after: int
    stable_end: int | None
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Records that continue the cursor, and the cursor after them."""

    records: Sequence[Record]
    end: int
    at_end: bool


def admit(cursor: int, fetched: Fetched) -> Admitted | None:
    """The part of a fetch that continues `cursor`; None if the reader must go back to the cursor first.

    A fetch that was handed out and then lost (a cancelled call, a rebalance) has moved the position past records
    nobody has seen, so a position beyond the cursor is never trusted. Records below the cursor are dropped.
    """
    if fetched.before > cursor:
        return None
    if fetched.after < cursor:
        return Admitted((), cursor, at_end=False)
    records = fetched.records
    if records and records[0].offset < cursor:
        records = [record for record in records if record.offset >= cursor]
    at_end = fetched.stable_end is not None and fetched.after >= fetched.stable_end
    return Admitted(records, fetched.after, at_end)
