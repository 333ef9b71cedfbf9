"""Signs of spam and coordination in what an author wrote, each with its evidence.

Every sign asks for much, so that a busy person gives none. Bylines of news are desks, not persons: of them nothing is asked, for
outlets print alike what agencies send, at all hours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from processors.logic.bounded import sample
from processors.logic.influencers import rows
from processors.logic.influencers.partials import HOUR_MS
from processors.logic.influencers.rows import Row, total
from schemas.events import Signal

REPEATS = 10
"""Posts that say again what the author has said, from which it is a sign, if they are as large a share as ALIKE of the author's posts."""
SHARED = 5
"""Stories of others copied without a mark, from which it is a sign, if the copies are as large a share as ALIKE of the posts compared."""
ALIKE = 0.5
BUSY = 40
"""Posts in an hour, one every 90 seconds."""
BUSY_HOURS = 3
"""Hours as busy as that, from which it is a sign."""
AWAKE = 21
"""Different hours of one day (UTC) with a post: no place for four hours of sleep."""
AWAKE_DAYS = 2
"""Days as long as that, from which it is a sign."""

_EVIDENCE = 8
"""Ids and authors told with one sign at most."""
_DESKS = frozenset({"news"})


def signals(row: Row, author: str) -> list[Signal]:
    """The signs there are, in a fixed order; `author` is the key of the row."""
    if row[rows.PLATFORM] in _DESKS:
        return []
    return [*_repeated(row, author), *_shared(row, author), *_rate(row), *_day_round(row)]


def _repeated(row: Row, author: str) -> Iterator[Signal]:
    """Texts of like fingerprints; near-copies told by `stories` are of the same posts, so the larger number counts."""
    own = total(row, rows.MENTIONS) - total(row, rows.REPOSTS)
    repeats = max(total(row, rows.AGAIN), total(row, rows.REPEATS))
    if repeats < REPEATS or repeats < ALIKE * own:
        return
    ids = [post for posts, _, some in row[rows.TEXTS].values() if posts > 1 for post in some]
    ids += [post for _, _, began, posts in row[rows.JOINED].values() if began == author for post in posts]
    yield {
        "kind": "repeated_text",
        "explanation": f"{repeats} of {own} posts of its own say again what it has said before",
        "observed": float(repeats),
        "limit": float(max(REPEATS, ALIKE * own)),
        "authors": [],
        "samples": sample(ids, _EVIDENCE),
    }


def _shared(row: Row, author: str) -> Iterator[Signal]:
    others = [one for one in row[rows.JOINED].values() if one[2] and one[2] != author]
    copies = total(row, rows.COPIES)
    compared = copies + total(row, rows.ORIGINALS) + total(row, rows.REPEATS)
    if len(others) < SHARED or copies < ALIKE * compared:
        return
    began: dict[str, int] = {}
    for _, _, name, _ in others:
        began[name] = began.get(name, 0) + 1
    yield {
        "kind": "shared_text",
        "explanation": f"{copies} of {compared} posts long enough to compare are, unmarked, texts that others posted first: "
        f"at least {len(others)} texts of {len(began)} authors",
        "observed": float(len(others)),
        "limit": float(SHARED),
        "authors": sorted(began, key=lambda name: (-began[name], name))[:_EVIDENCE],
        "samples": sample((post for one in others for post in one[3]), _EVIDENCE),
    }


def _rate(row: Row) -> Iterator[Signal]:
    busy = [
        (count, int(day), int(hour), one[rows.BUSIEST])
        for day, one in row[rows.DAYS].items()
        for hour, count in one[rows.HOURS].items()
        if count >= BUSY
    ]
    if len(busy) < BUSY_HOURS:
        return
    most, day, hour, _ = max(busy, key=lambda one: one[:3])
    ids = {post for _, _, _, (_, posts) in busy for post in posts}
    yield {
        "kind": "rate",
        "explanation": f"{len(busy)} hours with {BUSY} posts or more; most, {most}, in the hour from "
        f"{_clock(day * rows.DAY_MS + hour * HOUR_MS)}",
        "observed": float(len(busy)),
        "limit": float(BUSY_HOURS),
        "authors": [],
        "samples": sample(ids, _EVIDENCE),
    }


def _day_round(row: Row) -> Iterator[Signal]:
    long = {int(day): one for day, one in row[rows.DAYS].items() if len(one[rows.HOURS]) >= AWAKE}
    if len(long) < AWAKE_DAYS:
        return
    named = ", ".join(
        f"{_clock(day * rows.DAY_MS)[:10]} ({len(long[day][rows.HOURS])})" for day in sorted(long)[-3:]
    )
    yield {
        "kind": "day_round",
        "explanation": f"posts in {AWAKE} hours or more of each of {len(long)} days, lately {named}",
        "observed": float(len(long)),
        "limit": float(AWAKE_DAYS),
        "authors": [],
        "samples": sample((post for one in long.values() for post in one[rows.BUSIEST][1]), _EVIDENCE),
    }


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
