"""The row of an author: its layout, and how a partial is added.

Rows are JSON lists, laid out by the constants below. `DAYS` holds a list for each of the last 30 days of event time that anything
is known of, by the number of the day since 1970 as text; what a row holds is bounded whatever its author does.
"""

from collections.abc import Mapping
from typing import Any

from processors.logic.bounded import sample, top
from processors.logic.fingerprint import distance
from processors.logic.influencers.partials import HOUR_MS
from schemas.events import AuthorPartial

Row = list[Any]
Day = list[Any]

(
    TOUCHED,
    REVISION,
    UPDATED_AT,
    PLATFORM,
    NAME,
    HANDLE,
    FOLLOWERS,
    VERIFIED,
    KNOWN_AT,
    LAST_ACTIVITY,
    LATE,
    DAYS,
    TEXTS,
    JOINED,
) = range(14)
"""`TOUCHED` counts the partials of a partition: the author with the lowest has been silent for longest.

`TEXTS`: fingerprint of the first post that has it, in hexadecimal → [posts, day, ids of some]; `JOINED`: story id → [posts, day, who began it, ids of some].
"""

(
    MENTIONS,
    REPOSTS,
    POSITIVE,
    NEGATIVE,
    NEUTRAL,
    ENGAGEMENT,
    ENGAGED,
    ORIGINALS,
    REPEATS,
    COPIES,
    MARKED,
    FOLLOW_POSITIVE,
    FOLLOW_NEGATIVE,
    FOLLOW_NEUTRAL,
    AGAIN,
    SUBJECTS,
    HOURS,
    BUSIEST,
) = range(18)
"""A day. `AGAIN`: posts whose text the author had posted before; `SUBJECTS`: posts by subject; `HOURS`: posts by hour of the day, as text; `BUSIEST`: [its hour with most posts, ids of some]."""

SUMS = (
    "mentions",
    "reposts",
    "positive",
    "negative",
    "neutral",
    "engagement",
    "engaged",
    "originals",
    "repeats",
    "copies",
    "marked",
    "follow_positive",
    "follow_negative",
    "follow_neutral",
)
"""The fields of a partial that are added up, in the order of a day."""

WINDOW = 30
"""Days."""
DAY_MS = 24 * HOUR_MS
MAX_SUBJECTS = 12
"""Of a day."""
MAX_TEXTS = 64
MAX_JOINED = 48
ALIKE_BITS = 8
"""Bits of 64 in which fingerprints of one text may differ: a word put into twenty changes about as many, different texts differ in 13 or more."""
MAX_IDS = 5
"""Ids of posts kept for one text, story or hour."""


def new_row(platform: str) -> Row:
    """The row of an author of whom nothing is known yet."""
    return [0, 0, 0, platform, None, None, None, None, 0, 0, 0, {}, {}, {}]


def added(row: Row, partial: AuthorPartial, touched: int) -> Row:
    """A copy of the row with what a partial tells; posts from before the window are counted as late and otherwise left out."""
    after = row[:]
    after[TOUCHED] = touched
    after[UPDATED_AT] = max(row[UPDATED_AT], partial["enriched_at"])
    # A revision is never less than the clock: an author who was forgotten and comes back goes on above what was published.
    after[REVISION] = max(row[REVISION] + 1, after[UPDATED_AT])
    _know(after, partial)
    day = partial["hour"] // DAY_MS
    newest = max([day, *map(int, row[DAYS])])
    if day <= newest - WINDOW:
        after[LATE] += partial["mentions"]
        return after
    if partial["mentions"]:
        after[LAST_ACTIVITY] = max(row[LAST_ACTIVITY], partial["last_at"])
    again = _remember(after, partial, day, newest - WINDOW)
    days = {name: one for name, one in row[DAYS].items() if int(name) > newest - WINDOW}
    days[str(day)] = _day(row[DAYS].get(str(day)), partial, again)
    after[DAYS] = days
    return after


def _know(row: Row, partial: AuthorPartial) -> None:
    """Take over what is known of the author, where it was collected later than what the row has, or the row has nothing."""
    later = partial["known_at"] >= row[KNOWN_AT]
    row[KNOWN_AT] = max(row[KNOWN_AT], partial["known_at"])
    for place, value in (
        (NAME, partial["name"]),
        (HANDLE, partial["handle"]),
        (FOLLOWERS, partial["followers"]),
        (VERIFIED, partial["verified"]),
    ):
        if value is not None and (later or row[place] is None):
            row[place] = value


def _day(before: Day | None, partial: AuthorPartial, again: int) -> Day:
    known: Day = before or [*(0,) * len(SUMS), 0, {}, {}, [-1, []]]
    told = [partial[name] for name in SUMS]  # type: ignore[literal-required]  # fields, all of them counts
    after: Day = [one + more for one, more in zip(known[: len(SUMS)], told, strict=True)]
    after.append(known[AGAIN] + again)
    subjects = dict(known[SUBJECTS])
    for subject, count in partial["subjects"].items():
        subjects[subject] = subjects.get(subject, 0) + count
    # Twice the bound before it is cut: what is just below it now has a chance to grow.
    after.append(subjects if len(subjects) <= 2 * MAX_SUBJECTS else top(subjects, MAX_SUBJECTS))
    hours, busiest = known[HOURS], known[BUSIEST]
    if partial["mentions"] and not partial["day_only"]:
        name = str(partial["hour"] % DAY_MS // HOUR_MS)
        hours = {**hours, name: hours.get(name, 0) + partial["mentions"]}
        if hours[name] >= hours.get(str(busiest[0]), 0):
            ids = busiest[1] if str(busiest[0]) == name else []
            busiest = [int(name), sample([*ids, *partial["samples"]], MAX_IDS)]
    return [*after, hours, busiest]


def _remember(row: Row, partial: AuthorPartial, day: int, until: int) -> int:
    """Add the texts and the stories, forget those of days up to `until` and the fewest of too many; how many posts said a text again."""
    again = 0
    texts = dict(row[TEXTS])
    for text in partial["texts"]:
        name = _alike(texts, text["fingerprint"])
        again += text["posts"] - (name not in texts)
        posts, at, ids = texts.get(name, (0, day, []))
        texts[name] = [posts + text["posts"], max(at, day), _latest(ids, text["post_id"])]
    row[TEXTS] = _kept(texts, until, MAX_TEXTS)
    joined = dict(row[JOINED])
    for one in partial["joined"]:
        posts, at, author, ids = joined.get(one["story_id"], (0, day, one["author"], []))
        joined[one["story_id"]] = [posts + 1, max(at, day), author, _latest(ids, one["post_id"])]
    row[JOINED] = _kept(joined, until, MAX_JOINED)
    return again


def _latest(ids: list[str], more: str) -> list[str]:
    """The ids with one more, and without the oldest of too many."""
    return [*ids, more][-MAX_IDS:]


def _alike(texts: Mapping[str, list[Any]], fingerprint: int) -> str:
    """The name of the text that is nearest to this one, if it is near enough, otherwise a new name."""
    name = f"{fingerprint & (1 << 64) - 1:016x}"
    if name in texts:
        return name
    far, nearest = min(((distance(int(other, 16), fingerprint), other) for other in texts), default=(64, ""))
    return nearest if far <= ALIKE_BITS else name


def _kept(entries: dict[str, list[Any]], until: int, most: int) -> dict[str, list[Any]]:
    """What has most posts, of equal ones the latest."""
    kept = {name: one for name, one in entries.items() if one[1] > until}
    if len(kept) <= most:
        return kept
    order = sorted(kept.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return dict(order[:most])


def total(row: Row, field: int) -> int:
    """The sum of a count over the days."""
    return sum(day[field] for day in row[DAYS].values())
