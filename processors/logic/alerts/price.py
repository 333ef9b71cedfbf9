"""A price that has moved far against the close before it."""

from processors.logic.alerts.finding import Finding, fired_at
from processors.logic.alerts.removal import unknown
from processors.logic.alerts.wording import between
from schemas.events import Bar, Rule


def price_move(rule: Rule, bar: Bar) -> Finding | None:
    """The bar's close lies a fraction of at least `threshold` above or below the close before it.

    Observed and expected are the two closes, the score is the signed change. A bar that does not know the close before
    it says nothing.
    """
    change = bar["indicators"].get("change")
    before = bar["indicators"].get("previous_close")
    if change is None or before is None or abs(change) < rule["threshold"]:
        return None
    moved = "rose" if change > 0 else "fell"
    return Finding(
        bar["start"],
        bar["end"],
        fired_at(bar["start"], bar["end"], bar["computed_at"], closed=bar["closed"]),
        bar["close"],
        before,
        change,
        f"{bar['symbol']} {moved} {abs(change):.1%} ".replace("%", " %")
        + f"from {before:.6g} to {bar['close']:.6g} {between(bar['start'], bar['end'])}.",
        removal=unknown("a price is not made of mentions"),
    )
