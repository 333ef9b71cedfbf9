"""More mentions than usual, and more mentions than asked for."""

from bisect import bisect_left

from processors.logic.alerts.finding import Finding, from_trend
from processors.logic.alerts.removal import Removal, of_mentions, unknown
from processors.logic.alerts.wording import about, between, mentions
from processors.logic.rows import AUTHOR_WEIGHT
from schemas.events import Rule, Trend

LEAST_LEARNT = 6
"""Windows that a baseline must have learnt from: what is usual is not known after fewer, so nothing is unusual."""


def volume_spike(rule: Rule, subject: str, trend: Trend) -> Finding | None:
    """The window's score (z) reaches `threshold` and its mentions `minimum`. Observed and expected are mentions."""
    if trend["score"] < rule["threshold"] or trend["mentions"] < rule["minimum"]:
        return None
    if trend["learnt"] < LEAST_LEARNT:
        return None
    counted = mentions(trend["mentions"], subject, trend["platform"])
    return from_trend(
        trend,
        trend["mentions"],
        trend["baseline"],
        trend["score"],
        f"{counted} {between(trend['start'], trend['end'])}, where about {about(trend['baseline'])} are usual.",
        _fewer(rule, trend),
    )


def keyword(rule: Rule, subject: str, trend: Trend) -> Finding | None:
    """The window's mentions reach `minimum`. Observed and expected are mentions; the score is their number."""
    count = trend["mentions"]
    if count < max(rule["minimum"], 1):
        return None
    counted = mentions(count, subject, trend["platform"])
    return from_trend(
        trend,
        count,
        trend["baseline"],
        count,
        f"{counted} {between(trend['start'], trend['end'])}: the rule asks for {rule['minimum']}, "
        f"about {about(trend['baseline'])} are usual.",
        of_mentions(trend, max(rule["minimum"], 1) - 1),
    )


def _fewer(rule: Rule, trend: Trend) -> Removal:
    """So few must be left that they are below `minimum`, or that they score too little even if each weighs a whole mention."""
    if not trend["expected"]:
        return unknown("the window does not say what fewer mentions would have scored")
    unusual = bisect_left(range(trend["mentions"]), rule["threshold"], key=lambda left: _scored(trend, left))
    left = max(unusual, rule["minimum"]) - 1
    return of_mentions(trend, left, _doubt(trend, trend["mentions"] - left))


def _scored(trend: Trend, weight: int) -> float:
    """What the window would have scored, had its mentions weighed so much."""
    measures = zip(trend["expected"], trend["spread"], strict=True)
    return max((weight - expected) / spread for expected, spread in measures)


def _doubt(trend: Trend, removed: int) -> str:
    """Said where fewer may do: with an author's only mention two can go from the weight, and what weighs nothing need not go."""
    capped = trend["weight"] < trend["mentions"]
    authors = trend["authors"]
    if capped or (authors and trend["mentions"] + removed > AUTHOR_WEIGHT * authors):
        return "Fewer may do where they are all that some authors said."
    return ""
