"""The proof as questions and answers: yields what to ask, is sent the rows, returns the proof."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from schemas.proof import sql, targets
from schemas.proof.answer import Difference, LedgerPlace, Proof, Row
from schemas.proof.bounds import Bounds, Frame, kept_since
from schemas.proof.telling import (
    ledgers,
    miscounts,
    quoted,
    receipts,
    summed,
    ties,
    twice,
    uncovered,
)
from schemas.tables import QUOTE_MINUTES, QUOTES

MOST = 100
"""Differences of one kind that are named."""
_POSTS = 1000

Question = tuple[str, dict[str, Any]]
"""SQL and its parameters."""
Rows = Sequence[Row]
Asking = Generator[Question, Rows, Any]


def proving(
    bounds: Bounds, *, now_ms: int, limit: int, before: LedgerPlace | None = None
) -> Generator[Question, Rows, Proof]:
    """Ask one question after the other; the ledger's page has at most `limit` rows after `before`, newest hour first."""
    kept = kept_since({row["name"]: row["days"] for row in (yield sql.KEPT, {})}, now_ms)
    given = {**bounds.parameters(kept), "most": MOST + 1}
    (totals,) = yield sql.TOTALS, given
    hour, source = before or (-1, "")
    page = yield sql.LEDGER_PAGE, {**given, "before_hour": hour, "before_source": source, "limit": limit}
    found: list[Sequence[Difference]] = []
    if totals["difference"]:
        found.append(ledgers((yield sql.LEDGER_DIFFERS, given)))
    frame = _frame((yield sql.FRAME, given))
    if frame.offsets:
        inside = {**given, **frame.parameters()}
        found.append((yield from _tiling(inside, frame)))
        found.append(miscounts((yield sql.MISCOUNTED, given)))
        found.append((yield from _landing(inside, bounds)))
    found.append(twice((yield sql.doubled(bool(bounds.sources)), given)))
    if not bounds.sources:
        found += yield from _summed(given, bounds, kept)
        found.append((yield from _quoted(given, bounds, kept)))
    last = page[-1] if page and len(page) == limit else None
    return Proof(
        totals={name: int(value) for name, value in totals.items()},
        ledger=page,
        next=(last["hour"], last["source"]) if last else None,
        differences=[one for some in found for one in some[:MOST]],
        cut=any(len(some) > MOST for some in found),
        kept_since=kept,
    )


def _frame(rows: Rows) -> Frame:
    hours = [(row["first_hour"], row["last_hour"]) for row in rows] or [(0, 0)]
    return Frame(
        {row["partition"]: (row["low"], row["high"]) for row in rows},
        (min(first for first, _ in hours), max(last for _, last in hours)),
    )


def _tiling(given: Mapping[str, Any], frame: Frame) -> Asking:
    """Receipts follow one another through the frame, and from and to the nearest receipts outside of it."""
    near = {
        row["partition"]: (
            row["before"] if row["befores"] else -1,
            row["after"] if row["afters"] else -1,
        )
        for row in (yield sql.NEIGHBOURS, dict(given))
    }
    found = ties((yield sql.TILING, dict(given)))
    ends = {row["partition"]: (row["first"], row["last"]) for row in (yield sql.ENDS, dict(given))}
    return [*found, *uncovered(frame, near, ends)]


def _landing(given: Mapping[str, Any], bounds: Bounds) -> Asking:
    """Every offset of a receipt landed as what the receipt says."""
    suspects: Rows = yield sql.RECEIPT_DIFFERS, dict(given)
    if not suspects:
        return []
    some = suspects[:MOST]
    lost = yield from _stretches(sql.LOST, given, [row for row in some if row["lost"]])
    unlanded = yield from _stretches(sql.UNLANDED, given, [row for row in some if row["unlanded"]])
    posts = yield from _posts_at(given, lost)
    return receipts(suspects, lost, unlanded, posts, bounds.sources)


def _stretches(question: str, given: Mapping[str, Any], suspects: Rows) -> Asking:
    if not suspects:
        return []
    ranges = [(row["partition"], row["first_offset"], row["last_offset"]) for row in suspects]
    return (yield question, {**given, **_asked(ranges)})


def _posts_at(given: Mapping[str, Any], stretches: Rows) -> Asking:
    """Whose posts these are, for as many as anybody reads."""
    if not stretches:
        return []
    ranges = [(row["partition"], row["low"], row["high"]) for row in stretches]
    return (yield sql.POSTS_AT, {**given, **_asked(ranges), "most": _POSTS})


def _summed(given: Mapping[str, Any], bounds: Bounds, kept: Mapping[str, int]) -> Asking:
    """Each target that adds up its source, with what it should have."""
    found = []
    for one in targets.SUMMED:
        days = bounds.days(kept, one.table, one.source)
        found.append(summed(one, (yield one.question, {**given, **days})))
    return found


def _quoted(given: Mapping[str, Any], bounds: Bounds, kept: Mapping[str, int]) -> Asking:
    """The minutes of the quotes, made again for so many days at once as memory allows."""
    days = bounds.days(kept, QUOTE_MINUTES, QUOTES)
    rows: Rows = yield targets.QUOTE_DAYS, {**given, **days}
    found: list[Difference] = []
    for first, last in _stretched([(row["day"], row["n"]) for row in rows]):
        found += quoted((yield targets.QUOTED, {**given, "first_day": first, "last_day": last}))
        if len(found) > MOST:
            break
    return found


def _stretched(days: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    """(first, last) of days one after the other that are read at once."""
    found: list[tuple[str, str]] = []
    much = 0
    for day, count in days:
        much += count
        if found and much <= targets.MINUTES_AT_ONCE:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
            much = count
    return found


def _asked(ranges: Sequence[tuple[int, int, int]]) -> dict[str, list[int]]:
    of, first, last = zip(*ranges, strict=True)
    return {"of": list(of), "first": list(first), "last": list(last)}
