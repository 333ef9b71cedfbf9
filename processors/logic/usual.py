"""What is usual of a subject when a window of it closes, and what is learnt from the window, once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from processors.logic import seasons
from processors.logic.ewma import Baseline
from processors.logic.heard import Heard
from processors.logic.scoring import (
    ALPHAS,
    LAST,
    BaselineRow,
    Memories,
    before,
    fresh,
    last_taught,
    learnt,
    packed,
    passed,
    unpacked,
)
from processors.logic.spans import Spans
from processors.logic.totals import YOUNG, Totals

_FARTHEST = 20.0
_ALL = "all:"
_TOGETHER = {""}

Expected = Mapping[str, list[Any]]
"""By platform, '' for all of them: what was expected of a window, as `scoring.packed` has it."""


class _View(NamedTuple):
    """A platform before a window: what is known, whether it learns from it, its scale, whether nobody listened."""

    memories: Memories
    learns: bool
    scale: float
    unheard: bool

    @property
    def young(self) -> bool:
        return self.memories[0].seen < YOUNG


class Usual:
    """Reads baselines and seasons through `row`, and collects their changes in `rows`, None where one is to be deleted.

    Keys: `window|subject` → {platform: list} (see `logic.scoring`), `season|subject` (see `logic.seasons`). What was learnt from windows that
    end more than a ring's length (`rings`, ms by kind) before another one is not known when that one is measured, whether its row is still
    there or not.
    """

    def __init__(
        self,
        row: Callable[[str], Any],
        totals: Totals,
        spans: Spans,
        heard: Heard,
        rings: Mapping[str, int],
    ) -> None:
        self._row = row
        self._rings = rings
        self._totals = totals
        self._spans = spans
        self._heard = heard
        self.rows: dict[str, Any] = {}

    def since(self, window: str, start: int) -> int:
        """The start of the first window of the stretch of time that was listened to without a break up to this one."""
        _, end = self._spans.span(window, start)
        return self._spans.span(window, self._heard.since(start, end))[0]

    def baselines(self, window: str, subject: str, start: int) -> BaselineRow | None:
        """The baselines of a subject by platform, as this step has them, for the window that begins then."""
        return self._lasting(window, subject, self._spans.span(window, start)[1])

    def expected(
        self, window: str, start: int, subject: str, weights: Mapping[str, float], *, alone: bool
    ) -> Expected:
        """What an open window is measured by for the time being; `alone`: its one platform tells all of the subject."""
        views, season = self._views(window, start, subject, weights)
        told = {platform: packed(_scaled(views[platform])) for platform in weights}
        if alone:
            (told[""],) = told.values()
            return told
        told[""] = packed(self._together(window, start, subject, views, season, weights)[1])
        return told

    def close(
        self, window: str, start: int, subject: str, weights: Mapping[str, float], *, alone: bool
    ) -> Expected:
        """What the window is measured by, before it is learnt from; `alone`: its one platform tells all of the subject."""
        _, end = self._spans.span(window, start)
        self._totals.advance(end, self._heard.since(start, end))
        if window == "1h" and self._season(subject, end) is None:
            self._forget_season(subject)
        views, season = self._views(window, start, subject, weights)
        after = dict(self._lasting(window, subject, end) or {})
        told: dict[str, list[Any]] = {}
        for platform, weight in weights.items():
            view = views[platform]
            told[platform] = packed(_scaled(view))
            if view.learns:
                after[platform] = (
                    passed(view.memories, start)
                    if view.unheard
                    else learnt(view.memories, window, start, weight, view.scale)
                )
        if alone:
            (only,) = weights
            told[""] = told[only]
            if only in after:
                after[""] = after[only]
            view = views[only]
        else:
            view, measured = self._together(window, start, subject, views, season, weights)
            told[""] = packed(measured)
            if view.learns:
                after[""] = self._learnt_together(window, start, views, view, measured, weights)
        self.rows[f"{window}|{subject}"] = after
        if window == "1h" and view.learns and not view.unheard and not view.young:
            self._learn_season(subject, start, _value(views, weights), view, season, views)
        return told

    def forget(self, key: str, until: int) -> None:
        """Delete the baselines under `window|subject`, and its season with those of hours, unless a window that begins after `until` has taught them."""
        known: BaselineRow | None = self._get(key)
        if known is None or last_taught(known) > until:
            return
        self.rows[key] = None
        window, _, subject = key.partition("|")
        if window == "1h":
            self._forget_season(subject)

    def _forget_season(self, subject: str) -> None:
        if self._get(f"season|{subject}") is not None:
            self.rows[f"season|{subject}"] = None

    def _views(
        self, window: str, start: int, subject: str, weights: Mapping[str, float]
    ) -> tuple[dict[str, _View], float]:
        _, end = self._spans.span(window, start)
        known = self._lasting(window, subject, end) or {}
        season = seasons.factor(self._season(subject, end), window, start)
        since = self.since(window, start)
        views = {}
        for platform in _platforms(known, weights):
            memories, learns = self._before(known, platform, window, start, since, (platform,))
            ratio, unheard = self._totals.ratio(
                window, start, platform, weights.get(platform, 0.0), memories[-1].mean * season
            )
            if subject == _ALL:
                ratio = 1.0  # There are no others that it could be measured by.
            scale = min(max(season * ratio, 1 / _FARTHEST), _FARTHEST)
            views[platform] = _View(memories, learns, scale, unheard)
        return views, season

    def _before(
        self,
        known: BaselineRow,
        platform: str,
        window: str,
        start: int,
        since: int,
        heard_on: Iterable[str],
    ) -> tuple[Memories, bool]:
        """What is known of a platform before a window; `heard_on`: those whose outages are no silence of it."""
        row = known.get(platform)
        if row is not None and start < row[LAST] and self.since(window, row[LAST]) > start:
            # Learnt of a later stretch: nothing is known of this one, so nothing in it is unusual.
            return fresh(window), False
        born = since
        for one in heard_on:
            # A platform that is new here was not silent before.
            first = self._totals.first(window, one)
            if first is not None and since < first <= start:
                born = first
        last = born - 1 if row is None or row[LAST] < since else row[LAST]
        skipped = 0
        for one in heard_on:
            skipped += self._totals.missed(window, one, last, start)
        return before(row, window, start, since, born, skipped, self._spans)

    def _together(
        self,
        window: str,
        start: int,
        subject: str,
        views: Mapping[str, _View],
        season: float,
        weights: Mapping[str, float],
    ) -> tuple[_View, Memories]:
        """All platforms as one: (what is known, what is measured by). Its means are the sums of theirs, its variance is its own.

        What comes from a platform of which it is not known yet what is usual, is taken as it came.
        """
        counted = _counted(views)
        main = _main(views)
        memories, learns = self._before(
            self.baselines(window, subject, start) or {},
            "",
            window,
            start,
            self.since(window, start),
            () if main is None else (main,),
        )
        mean = sum(view.memories[-1].mean for view in counted.values())
        expected = sum(view.memories[-1].mean * view.scale for view in counted.values())
        scale = expected / mean if mean else season
        unknown = sum(weight for platform, weight in weights.items() if platform not in counted)
        measured = tuple(
            Baseline(
                unknown + sum(view.memories[at].mean * view.scale for view in counted.values()),
                one.variance * scale,
                one.seen,
            )
            for at, one in enumerate(memories)
        )
        unheard = main is not None and views[main].unheard
        return _View(memories, learns, scale, unheard), measured

    def _learnt_together(
        self,
        window: str,
        start: int,
        views: Mapping[str, _View],
        view: _View,
        measured: Memories,
        weights: Mapping[str, float],
    ) -> list[Any]:
        if view.unheard:
            return passed(view.memories, start)
        value = sum(weights.values())
        after = []
        for at, (one, alpha) in enumerate(zip(view.memories, ALPHAS[window], strict=True)):
            weight = max(alpha, 1 / (one.seen + 1))
            off = value - measured[at].mean
            variance = (1 - weight) * (one.variance + weight * off * off / view.scale)
            mean = sum(
                each.memories[at].after(weights.get(platform, 0.0), alpha, each.scale).mean
                for platform, each in views.items()
            )
            after.append(Baseline(mean, variance, one.seen + 1))
        return [start, *packed(tuple(after))]

    def _learn_season(
        self,
        subject: str,
        start: int,
        value: float,
        view: _View,
        season: float,
        views: Mapping[str, _View],
    ) -> None:
        main = _main(views)
        key = f"season|{subject}"
        mean = sum(one.memories[-1].mean for one in _counted(views).values())
        row = seasons.learnt(
            self._get(key),
            start,
            # As it would have been, had as much been heard of the platforms as usual.
            value * season / view.scale,
            mean * season,
            lambda hour: main is not None and self._totals.missed("1h", main, hour - 1, hour + 1) > 0,
        )
        if row is not None:
            self.rows[key] = row

    def _lasting(self, window: str, subject: str, end: int) -> BaselineRow | None:
        """The baselines that a window with this end may be measured by."""
        known: BaselineRow | None = self._get(f"{window}|{subject}")
        if known is None or self._spans.span(window, last_taught(known))[1] + self._rings[window] < end:
            return None
        return known

    def _season(self, subject: str, end: int) -> Any:
        """The season that a window with this end may be measured by: it lasts as long as the baselines of hours."""
        return None if self._lasting("1h", subject, end) is None else self._get(f"season|{subject}")

    def _get(self, key: str) -> Any:
        return self.rows[key] if key in self.rows else self._row(key)


def measured_by(expected: Expected, platform: str) -> Memories:
    """The memories of a view in what `Usual.close` or `Usual.expected` told."""
    return unpacked(expected[platform])


def _platforms(known: BaselineRow, weights: Mapping[str, float]) -> list[str]:
    if len(weights) == 1 and weights.keys() >= known.keys() - _TOGETHER:
        return list(weights)
    return sorted({*known, *weights} - _TOGETHER)


def _scaled(view: _View) -> Memories:
    scale = view.scale
    return view.memories if scale == 1.0 else tuple([one.at(scale) for one in view.memories])


def _counted(views: Mapping[str, _View]) -> Mapping[str, _View]:
    """The platforms of which it is known what is usual; all where it is known of none."""
    return {platform: view for platform, view in views.items() if not view.young} or views


def _value(views: Mapping[str, _View], weights: Mapping[str, float]) -> float:
    return sum(weights.get(platform, 0.0) for platform in _counted(views))


def _main(views: Mapping[str, _View]) -> str | None:
    """The platform that most of the subject's mentions come from, if one holds half of them."""
    means = {platform: view.memories[-1].mean for platform, view in views.items()}
    total = sum(means.values())
    platform = max(means, key=lambda one: means[one], default=None)
    return platform if platform is not None and total and means[platform] >= total / 2 else None
