"""Price and mood of a symbol that move in opposite directions."""

from collections.abc import Mapping

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.halves import Pair, balance
from processors.logic.alerts.removal import of_sentiments
from processors.logic.alerts.wording import between
from schemas.events import Rule


def divergence(rule: Rule, subject: str, pair: Pair) -> Finding | None:
    """The price moved by a fraction of at least `change`, and the mood the other way by at least `threshold`.

    The mood is the balance of positive and negative mentions (-1 to 1) against what was usual before, of at least `minimum`
    mentions. Observed and expected are the two balances; the score is the signed shift. It is about the time of the bar,
    and fires when both it and the window of the mood are over.
    """
    mood, close = pair
    usual = mood.usual
    if usual is None or close.change == 0 or abs(close.change) < rule["change"]:
        return None
    sign = 1 if close.change > 0 else -1

    def tells(left: Mapping[str, int]) -> bool:
        mentions = sum(left.values())
        if mentions < max(rule["minimum"], 1):
            return False
        return sign * (usual - balance(left["positive"], left["negative"], mentions)) >= rule["threshold"]

    neutral = mood.mentions - mood.positive - mood.negative
    counts = [("negative", mood.negative), ("neutral", neutral), ("positive", mood.positive)]
    if not tells(dict(counts)):
        return None
    observed = balance(mood.positive, mood.negative, mood.mentions)
    moved, turned = ("rose", "worse") if sign > 0 else ("fell", "better")
    return Finding(
        close.start,
        close.end,
        max(mood.end, close.end),
        observed,
        usual,
        observed - usual,
        f"{subject.partition(':')[2]} {moved} {abs(close.change):.1%} ".replace("%", " %")
        + f"from {close.before:.6g} to {close.close:.6g} {between(close.start, close.end)}, while the mood of {mood.mentions} mentions "
        + f"was {turned} than usual: {observed:+.0%} against {usual:+.0%}.".replace("%", " %"),
        mood.terms,
        mood.sources,
        mood.samples,
        # What pulled the mood away helps most when it is gone, the opposite not at all.
        of_sentiments(counts if sign > 0 else counts[::-1], tells),
    )
