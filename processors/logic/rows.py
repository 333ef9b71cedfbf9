"""The row of one window of one subject: its layout, how mentions are added, how it is summed over platforms.

A row is a JSON list, for it is held and written by the hundred thousand:
`[end, revision, published, closed, {platform: stat}, {platform: [seen, mean, variance, …]}]`. `published` is the last revision that
was sent, the last element what was expected of the window at the time of closing. A stat is a list too, laid out by the constants
below.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from processors.logic import authors
from processors.logic.bounded import sample, top
from schemas.events import Partial

Row = list[Any]
Stat = list[Any]

END, REVISION, PUBLISHED, CLOSED, STATS, EXPECTED = range(6)
(
    CHANGED,
    MENTIONS,
    COPIES,
    POSITIVE,
    NEGATIVE,
    NEUTRAL,
    ENGAGEMENT,
    LATE,
    AUTHORED,
    AUTHORS,
    TERMS,
    SOURCES,
    SAMPLES,
) = range(13)

MAX_TERMS = 48
MAX_SOURCES = 32
MAX_SAMPLES = 5
AUTHOR_WEIGHT = 2
"""Mentions that one author counts for at most in a score, on the average over the authors of a window."""
_SUMMED = range(MENTIONS, AUTHORS)


def key_of(window: str, start: int, subject: str) -> str:
    """The row's key; `subject` is `kind:value`."""
    return f"{window}|{start}|{subject}"


def parts_of(key: str) -> tuple[str, int, str]:
    """(window, start, subject) of a row's key."""
    window, start, subject = key.split("|", 2)
    return window, int(start), subject


def window_of(key: str) -> str:
    """The kind of window of a row's key; all their names have two characters."""
    return key[:2]


def new_row(end: int) -> Row:
    """A window nothing was counted in yet."""
    return [end, 0, 0, 0, {}, {}]


def thawed(row: Row) -> Row:
    """A copy at its next revision; its stats stay shared until `stat_of` makes them its own."""
    copy = row[:]
    copy[REVISION] += 1
    copy[STATS] = dict(row[STATS])
    return copy


def stat_of(row: Row, platform: str) -> Stat:
    """The stat of a platform in a thawed row, free to be changed and marked as changed in this revision."""
    stats = row[STATS]
    stat: Stat | None = stats.get(platform)
    if stat is None:
        stat = stats[platform] = [row[REVISION], 0, 0, 0, 0, 0, 0, 0, 0, "", {}, {}, []]
    elif stat[CHANGED] != row[REVISION]:
        stat = stats[platform] = [
            row[REVISION],
            *stat[MENTIONS:TERMS],
            dict(stat[TERMS]),
            dict(stat[SOURCES]),
            list(stat[SAMPLES]),
        ]
    return stat


def add(stat: Stat, partial: Partial) -> None:
    """Count a partial; its authors are left to `close_batch`, which merges many sketches at once."""
    stat[MENTIONS] += partial["mentions"]
    stat[COPIES] += partial["copies"]
    stat[POSITIVE] += partial["positive"]
    stat[NEGATIVE] += partial["negative"]
    stat[NEUTRAL] += partial["neutral"]
    stat[ENGAGEMENT] += partial["engagement"]
    stat[AUTHORED] += partial["authored"]
    if stat[TERMS]:
        _add_counts(stat[TERMS], partial["terms"])
    else:
        stat[TERMS] = dict(partial["terms"])
    if stat[SOURCES]:
        _add_counts(stat[SOURCES], partial["sources"])
    else:
        stat[SOURCES] = dict(partial["sources"])
    stat[SAMPLES] += partial["samples"]


def close_batch(stat: Stat, sketches: list[bytes]) -> None:
    """Merge the authors of what was added and bring every collection back to its bound."""
    if stat[AUTHORS]:
        sketches.append(b64decode(stat[AUTHORS]))
    stat[AUTHORS] = b64encode(sketches[0] if len(sketches) == 1 else authors.merged(sketches)).decode()
    # Twice the bound before it is cut: what is just below it now has a chance to grow.
    if len(stat[TERMS]) > 2 * MAX_TERMS:
        stat[TERMS] = top(stat[TERMS], MAX_TERMS)
    if len(stat[SOURCES]) > 2 * MAX_SOURCES:
        stat[SOURCES] = top(stat[SOURCES], MAX_SOURCES)
    if len(stat[SAMPLES]) > 1:
        stat[SAMPLES] = sample(stat[SAMPLES], MAX_SAMPLES)


def over_platforms(stats: Iterable[Stat]) -> Stat:
    """One stat for all platforms; the only one itself where there is but one."""
    first, *others = stats
    if not others:
        return first
    total: Stat = [*first[:TERMS], dict(first[TERMS]), dict(first[SOURCES]), list(first[SAMPLES])]
    for stat in others:
        for field in _SUMMED:
            total[field] += stat[field]
        total[CHANGED] = max(total[CHANGED], stat[CHANGED])
        _add_counts(total[TERMS], stat[TERMS])
        _add_counts(total[SOURCES], stat[SOURCES])
        total[SAMPLES] += stat[SAMPLES]
    sketches = [b64decode(stat[AUTHORS]) for stat in (first, *others) if stat[AUTHORS]]
    total[AUTHORS] = b64encode(authors.merged(sketches)).decode() if sketches else ""
    total[SAMPLES] = sample(total[SAMPLES], MAX_SAMPLES)
    return total


def alone(stats: Mapping[str, Stat], baselines: Mapping[str, Any] | None) -> bool:
    """Whether a subject has but one platform, so that what holds for it holds for all of them together."""
    if len(stats) != 1:
        return False
    (only,) = stats
    return not baselines or (only in baselines and baselines[only] == baselines.get(""))


def author_count(stat: Stat) -> int:
    """Distinct authors, estimated."""
    return _estimated(stat[AUTHORS]) if stat[AUTHORS] else 0


@lru_cache(maxsize=4_096)
def _estimated(sketch: str) -> int:
    # A window's sketch is asked when it is scored, closed and told of.
    return authors.estimate(b64decode(sketch))


def weighed(stat: Stat) -> tuple[int, int]:
    """(mentions as a score counts them, voices): one author's many posts weigh little, and each author is one voice.

    Who wrote nobody knows of some mentions; each of those counts, and is a voice. Authors are told apart by platform, so both add
    up over platforms.
    """
    authored = stat[AUTHORED]
    if not authored:
        return stat[MENTIONS], stat[MENTIONS]
    known = author_count(stat)
    unknown = stat[MENTIONS] - authored
    return unknown + min(authored, AUTHOR_WEIGHT * known), unknown + min(authored, known)


def _add_counts(total: dict[str, int], more: Any) -> None:
    get = total.get
    for name, count in more.items():
        total[name] = get(name, 0) + count
