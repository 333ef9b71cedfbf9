"""More mentions than usual, and more mentions than asked for."""

from processors.logic.alerts.finding import Finding, from_trend
from processors.logic.alerts.removal import Removal, of_mentions, unknown
from processors.logic.alerts.wording import about, between, mentions
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
    """By the least mentions alone: a window does not say what fewer would have scored."""
    if rule["minimum"] < 1:
        return unknown("a window does not say what fewer mentions would have scored")
    return of_mentions(
        trend, rule["minimum"] - 1, "Fewer may do: what the rest would have scored is not known."
    )
