"""Exponentially weighted mean and variance of a window's count, and how unusual a count is against them."""

from typing import NamedTuple

HALF_DISPLAY = 3.0
"""The score that shows as 50."""


class Baseline(NamedTuple):
    """What is expected of the next window: `mean` and `variance` of the mentions of the `seen` windows so far.

    The first 1/alpha windows count equally, so that a young baseline is their plain mean; later ones with weight alpha. A window
    of which `scale` times as much is expected as of an ordinary one teaches what an ordinary one would have had; as of counts,
    its variance is taken to grow with its mean.
    """

    mean: float = 0.0
    variance: float = 0.0
    seen: int = 0

    def at(self, scale: float) -> "Baseline":
        """What is expected of a window of that scale."""
        return Baseline(self.mean * scale, self.variance * scale, self.seen)

    def after(self, value: float, alpha: float, scale: float = 1.0) -> "Baseline":
        """The baseline after one more window."""
        weight = max(alpha, 1 / (self.seen + 1))
        delta = value / scale - self.mean
        return Baseline(
            self.mean + weight * delta,
            (1 - weight) * (self.variance + weight * delta * delta * scale),
            self.seen + 1,
        )

    def after_zeros(self, count: int, alpha: float) -> "Baseline":
        """The baseline after `count` windows without a mention: the same as `after(0)` that often, in closed form."""
        if not self.mean and not self.variance:
            return Baseline(self.mean, self.variance, self.seen + count)
        # Weights are 1/(seen+1) as long as that is at least alpha: plain moments over all windows so far.
        young = min(count, max(int(1 / alpha) - self.seen, 0))
        mean, variance, seen = self.mean, self.variance, self.seen
        if young > 0:
            square = (variance + mean * mean) * seen / (seen + young)
            mean *= seen / (seen + young)
            variance = max(square - mean * mean, 0.0)
            seen += young
        if count > young:
            kept = (1 - alpha) ** (count - young)
            variance = kept * (variance + mean * mean * (1 - kept))
            mean *= kept
            seen += count - young
        return Baseline(mean, variance, seen)

    def score(self, value: float, bias: float) -> float:
        """How many standard deviations `value` lies above what is expected; negative below.

        Expectation and spread are raised by `bias` mentions (as in SigniTrend), so that two mentions where none is usual are no
        burst, and no count varies less than chance alone makes it (Poisson). 0 before anything was seen: where nothing is known,
        nothing is unusual.
        """
        if self.seen == 0:
            return 0.0
        expected, spread = self.measure(bias)
        return (value - expected) / spread

    def measure(self, bias: float) -> tuple[float, float]:
        """(the value whose score is 0, how much more scores 1)."""
        return max(self.mean, bias), float(max(self.variance, self.mean) ** 0.5 + bias)


def display(score: float) -> float:
    """A score on a scale of 0-100: 0 up to what is expected, 50 at three deviations, towards 100 above."""
    return 100 * score / (score + HALF_DISPLAY) if score > 0 else 0.0
