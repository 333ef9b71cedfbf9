"""Moods and closes of the same stretch of time: they come from two topics in any order, and each waits here for the other."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from processors.logic.alerts.arrivals import Arrivals, Arriving
from processors.logic.alerts.shares import Usual
from schemas.events import Bar, Millis, Trend

HalfRow = list[Any]
"""The fields of a mood or a close and its number (see `logic.alerts.arrivals`), under `time|kind|window|platform|subject`.

The time is a mood's start and a close's middle.
"""


class Mood(NamedTuple):
    """A closed window of a symbol; `usual` is the balance before it, None while too little was known."""

    start: Millis
    end: Millis
    mentions: int
    positive: int
    negative: int
    usual: float | None
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: list[str]


class Close(NamedTuple):
    """A closed bar of a symbol that knows the close before it."""

    start: Millis
    end: Millis
    close: float
    before: float
    change: float


Pair = tuple[Mood, Close]


def balance(positive: float, negative: float, mentions: float) -> float:
    """Positive less negative mentions, as a share of all: -1 to 1."""
    return (positive - negative) / mentions


def mood_of(trend: Trend, usual: Usual | None) -> Mood:
    """What a window says of the mood."""
    positive = None if usual is None else usual.share("positive")
    negative = None if usual is None else usual.share("negative")
    known = positive is not None and negative is not None
    return Mood(
        trend["start"],
        trend["end"],
        trend["mentions"],
        trend["positive"],
        trend["negative"],
        balance(positive or 0.0, negative or 0.0, 1.0) if known else None,
        trend["terms"],
        trend["sources"],
        list(trend["samples"]),
    )


def close_of(bar: Bar) -> Close | None:
    """What a bar says of the price; None where it does not know the close before it."""
    change, before = bar["indicators"].get("change"), bar["indicators"].get("previous_close")
    if change is None or before is None:
        return None
    return Close(bar["start"], bar["end"], bar["close"], before, change)


class Halves:
    """All that one partition keeps, by what it is about and in order of time. Everything here follows from the rows."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Millis, HalfRow]] = {}
        self._times: dict[str, list[Millis]] = {}
        self.arrivals = Arrivals()

    def __contains__(self, key: str) -> bool:
        series, at = _parts(key)
        return at in self._rows.get(series, ())

    def take(self, key: str, row: HalfRow | None) -> None:
        """A row was committed, or (None) deleted."""
        self.arrivals.take(key, None if row is None else row[-1])
        series, at = _parts(key)
        rows, times = self._rows.setdefault(series, {}), self._times.setdefault(series, [])
        if row is not None:
            if at not in rows:
                insort(times, at)
            rows[at] = row
        elif rows.pop(at, None) is not None:
            times.pop(bisect_left(times, at))
        if not rows:
            del self._rows[series], self._times[series]

    def restore(self, rows: Mapping[str, HalfRow]) -> None:
        """Start from committed rows."""
        for key, row in sorted(rows.items(), key=lambda item: item[1][-1]):
            self.take(key, row)

    def mood(
        self, window: str, platform: str, subject: str, at: Millis, but: Container[str] = ()
    ) -> Mood | None:
        """The mood of the window that holds an instant; the keys in `but` count as deleted."""
        series = _series("mood", window, platform, subject)
        times = self._times.get(series, [])
        for place in range(bisect_right(times, at) - 1, -1, -1):
            start = times[place]
            if _key(series, start) not in but:
                mood = Mood(*self._rows[series][start][:-1])
                return mood if at < mood.end else None
        return None

    def closes(
        self, window: str, subject: str, start: Millis, end: Millis, but: Container[str] = ()
    ) -> Iterator[Close]:
        """The closes of the bars whose middle lies in [start, end); the keys in `but` count as deleted."""
        series = _series("close", window, "", subject)
        times = self._times.get(series, [])
        for at in times[bisect_left(times, start) : bisect_left(times, end)]:
            if _key(series, at) not in but:
                yield Close(*self._rows[series][at][:-1])


class Pairing:
    """What one batch adds to the halves, and the pairs that are whole with it.

    A bar belongs to the window that holds its middle: days of an exchange and days of the trends may be cut in different zones.
    The first closed revision of each counts, later ones do not: so pairs are the same in whatever order their halves come,
    as long as nothing is forgotten. Only so many halves are kept; the ones that came first go as soon as one more comes.
    """

    def __init__(self, halves: Halves, at_most: float) -> None:
        self._halves = halves
        self._fresh = Halves()
        self.arriving = Arriving(halves.arrivals, at_most)

    def mood(self, window: str, platform: str, subject: str, mood: Mood) -> list[Pair]:
        """A window has closed."""
        if not self._add(_key(_series("mood", window, platform, subject), mood.start), list(mood)):
            return []
        span = window, subject, mood.start, mood.end
        closes = {*self._halves.closes(*span, self.arriving.replaced), *self._fresh.closes(*span)}
        return [(mood, close) for close in sorted(closes)]

    def close(self, window: str, subject: str, close: Close) -> bool:
        """A bar has closed; whether it is the first time that this is told."""
        return self._add(_key(_series("close", window, "", subject), _middle(close)), list(close))

    def pair(self, window: str, platform: str, subject: str, close: Close) -> list[Pair]:
        """The bar with the mood of its time on a platform, where that is known."""
        at = window, platform, subject, _middle(close)
        mood = self._fresh.mood(*at) or self._halves.mood(*at, self.arriving.replaced)
        return [] if mood is None else [(mood, close)]

    def _add(self, key: str, row: list[Any]) -> bool:
        if key in self._fresh or (key in self._halves and key not in self.arriving.replaced):
            return False
        numbered, gone = self.arriving.add(key, row)
        self._fresh.take(key, numbered)
        for one in gone:
            self._fresh.take(one, None)
        return True


def _middle(close: Close) -> Millis:
    return (close.start + close.end) // 2


def _series(kind: str, window: str, platform: str, subject: str) -> str:
    return f"{kind}|{window}|{platform}|{subject}"


def _key(series: str, at: Millis) -> str:
    return f"{at}|{series}"


def _parts(key: str) -> tuple[str, Millis]:
    at, _, series = key.partition("|")
    return series, int(at)
