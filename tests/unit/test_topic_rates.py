"""Whether a topic rises can be told without its score, and is the same."""

import random

from processors.logic.topics.rate import HOUR_MS, Rate


def test_what_rises_scores_above_zero_and_nothing_else_does() -> None:
    dice = random.Random(3)
    seen = set()
    for _ in range(300):
        rate = Rate.new(0, dice.randrange(3))
        for hour in range(40):
            rate = rate.after(hour * HOUR_MS, dice.choice((0, 0, 1, 2, 3, 9)))
            assert rate.rising() == (rate.score() > 0)
            seen.add(rate.rising())
    assert seen == {True, False}
