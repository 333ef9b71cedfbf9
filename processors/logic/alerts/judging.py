"""Which question a kind of rule asks of a window."""

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.price import price_move
from processors.logic.alerts.sentiment import sentiment_shift
from processors.logic.alerts.shares import Usual
from processors.logic.alerts.volume import keyword, volume_spike
from schemas.errors import Fatal
from schemas.events import Bar, Rule, Trend


def asks_trend(rule: Rule, platform: str, window: str) -> bool:
    """Whether the rule is about this kind of window of its subject."""
    return rule["window"] == window and rule["platform"] == platform


def asks_mood(rule: Rule) -> bool:
    """Whether the rule must know what was the usual sentiment."""
    return rule["kind"] in ("sentiment_shift", "divergence")


def judge_trend(rule: Rule, subject: str, trend: Trend, usual: Usual | None) -> Finding | None:
    """What the rule finds in this revision of a window.

    A window is judged once it is closed, and again whenever late mentions revise it; with `early` also while it is open.
    `usual` is what was known of the subject's sentiment before the window.
    """
    if not (trend["closed"] or rule["early"]):
        return None
    match rule["kind"]:
        case "volume_spike":
            return volume_spike(rule, subject, trend)
        case "keyword":
            return keyword(rule, subject, trend)
        case "sentiment_shift":
            return sentiment_shift(rule, subject, trend, usual)
    raise Fatal(f"rule {rule['id']}: {rule['kind']} does not ask for trends")


def judge_bar(rule: Rule, bar: Bar) -> Finding | None:
    """What the rule finds in this revision of a bar; open bars are judged with `early` alone."""
    return price_move(rule, bar) if bar["closed"] or rule["early"] else None
