"""The proof as questions and answers: yields what to ask, is sent the rows, returns the proof."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from schemas.proof import sql
from schemas.proof.answer import Difference, LedgerPlace, Proof, Row
from schemas.proof.bounds import Bounds, Frame, kept_since
from schemas.proof.telling import (
    ledgers,
    metrics,
    miscounts,
    receipts,
    ties,
    twice,
    uncovered,
)

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
        found.append(metrics((yield sql.METRICS, given)))
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


def _asked(ranges: Sequence[tuple[int, int, int]]) -> dict[str, list[int]]:
    of, first, last = zip(*ranges, strict=True)
    return {"of": list(of), "first": list(first), "last": list(last)}
