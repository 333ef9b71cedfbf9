"""A share of sentiment that has moved away from what is usual."""

from collections.abc import Mapping

from processors.logic.alerts.finding import Finding, from_trend
from processors.logic.alerts.removal import of_sentiments
from processors.logic.alerts.shares import Usual
from processors.logic.alerts.wording import between, mentions
from schemas.events import Rule, Trend


def sentiment_shift(rule: Rule, subject: str, trend: Trend, usual: Usual | None) -> Finding | None:
    """The share of negative mentions exceeds the usual one by `threshold`, with at least `minimum` mentions.

    A negative threshold watches for the opposite: the share of positive mentions exceeds the usual one by `-threshold`.
    Observed and expected are shares; the score is the shift with the threshold's sign.
    """
    if usual is None or trend["mentions"] < max(rule["minimum"], 1):
        return None
    threshold = rule["threshold"]
    sentiment, count = ("negative", trend["negative"]) if threshold >= 0 else ("positive", trend["positive"])
    expected = usual.share(sentiment)
    if expected is None:
        return None
    observed = count / trend["mentions"]
    shift = observed - expected
    if shift < abs(threshold):
        return None

    def tells(left: Mapping[str, int]) -> bool:
        mentions = sum(left.values())
        if mentions < max(rule["minimum"], 1):
            return False
        return left[sentiment] / mentions - expected >= abs(threshold)

    counted = mentions(trend["mentions"], subject, trend["platform"])
    return from_trend(
        trend,
        observed,
        expected,
        shift if threshold >= 0 else -shift,
        f"{observed:.0%} of {counted} {between(trend['start'], trend['end'])} were {sentiment}, "
        f"where {expected:.0%} are usual.".replace("%", " %"),
        of_sentiments([(sentiment, count), ("other", trend["mentions"] - count)], tells),
    )
