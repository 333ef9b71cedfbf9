"""Rules of every kind, windows of which some break them, and alerts so that two runs can be compared."""

import random
from collections.abc import Iterable
from typing import Any

import orjson

from schemas.events import Trend
from tests.support.alerting import rule, trend

COOLDOWN_S = 5 * 3600
RULES = [
    rule(id="spike", subject="keyword:*", cooldown_s=COOLDOWN_S),
    rule(id="early", subject="keyword:*", early=True, threshold=5.0),
    rule("sentiment_shift", "keyword:*", id="mood", cooldown_s=COOLDOWN_S),
    rule("keyword", "keyword:k3", id="count", minimum=28),
    rule("price_move", "symbol:*", id="price", early=True),
    rule("divergence", "symbol:*", id="apart"),
    rule("new_topic", "topic:*", id="new", minimum=25),
    rule(id="night", subject="keyword:*", quiet_from="22:00", quiet_to="06:00", quiet_zone="Asia/Jakarta"),
]


def windows(hours: int) -> list[Trend]:
    """Three revisions of every hour of ten keywords, the last one closed, some closed once more and some out of order."""
    dice = random.Random(4)
    made: list[Trend] = []
    for hour in range(hours):
        for number in range(10):
            mentions = dice.randint(1, 30)
            negative = dice.randint(0, mentions)
            made += [
                trend(
                    hour,
                    f"keyword:k{number}",
                    revision=revision,
                    mentions=mentions + revision,
                    negative=negative,
                    score=dice.uniform(0, 6),
                    closed=revision >= 3,
                )
                for revision in range(1, 4 + dice.randint(0, 1))
            ]
            if dice.random() < 0.05:
                made.append(trend(hour - dice.randint(2, 20), f"keyword:k{number}", revision=9, score=5.5))
        # Most of what this stage reads is asked for by no rule.
        made += [trend(hour, f"hashtag:h{n}", platform="x", revision=1) for n in range(20)]
    return made


def comparable(alerts: Iterable[Any]) -> list[str]:
    """Everything about them but when they were made, in order of their ids."""
    plain = [{**alert, "computed_at": 0} for alert in alerts]
    return sorted(orjson.dumps(alert, option=orjson.OPT_SORT_KEYS).decode() for alert in plain)
