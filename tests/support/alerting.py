"""Rules, and windows, bars, topics and runs that such rules ask for."""

from typing import Any

from schemas.events import Bar, Rule, Run, Topic, Trend
from tests.support import markets

HOUR = 3_600_000
START = 1_440_381_600_000

_THRESHOLDS = {"volume_spike": 3.0, "sentiment_shift": 0.25, "price_move": 0.05, "divergence": 0.3}


def rule(kind: str = "volume_spike", subject: str = "all:", **fields: Any) -> Rule:
    """A rule that fires easily, unless said otherwise."""
    values: dict[str, Any] = {
        "id": "r",
        "revision": 1,
        "owner": None,
        "name": "a rule",
        "kind": kind,
        "subject": subject,
        "platform": "",
        "window": {"source_silent": "", "new_topic": "", "price_move": "1d", "divergence": "1d"}.get(
            kind, "1h"
        ),
        "threshold": _THRESHOLDS.get(kind, 0.0),
        "change": 0.02 if kind == "divergence" else 0.0,
        "minimum": 0 if kind in ("price_move", "source_silent") else 10,
        "early": False,
        "severity": "warning",
        "cooldown_s": 0,
        "quiet_from": None,
        "quiet_to": None,
        "quiet_zone": None,
        "active": True,
        "updated_at": 0,
    }
    return Rule(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def trend(hour: int = 0, subject: str = "all:", **fields: Any) -> Trend:
    """The closed window of an hour after START that is a spike, unless said otherwise."""
    kind, _, name = subject.partition(":")
    start = fields.pop("start", START + hour * HOUR)
    window = fields.pop("window", "1h")
    platform = fields.pop("platform", "")
    mentions = fields.pop("mentions", 20)
    negative, positive = fields.pop("negative", 0), fields.pop("positive", 0)
    values: dict[str, Any] = {
        "id": f"{subject}:{platform}:{window}:{start}",
        "revision": 1,
        "subject_kind": kind,
        "subject": name,
        "platform": platform,
        "window": window,
        "start": start,
        "end": start + HOUR,
        "mentions": mentions,
        "copies": 0,
        "authors": 5,
        "positive": positive,
        "negative": negative,
        "neutral": mentions - positive - negative,
        "engagement": 0,
        "velocity": 0.0,
        "score": 4.0,
        "display_score": 50.0,
        "baseline": 5.0,
        "learnt": 20,
        "least": 5,
        "weight": mentions,
        "expected": [6.0, 5.0],
        "spread": [3.5, 4.0],
        "terms": {"crash": 4},
        "sources": {"feed": mentions},
        "samples": ["x:1"],
        "closed": True,
        "late": 0,
        "computed_at": start + 2 * HOUR,
    }
    return Trend(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def bar(day: int = 0, symbol: str = "AMZN", change: float | None = -0.0629, **fields: Any) -> Bar:
    """The closed bar of a day after START."""
    start = START + day * 24 * HOUR
    close = fields.pop("close", 463.37)
    indicators = {} if change is None else {"previous_close": close / (1 + change), "change": change}
    values: dict[str, Any] = {
        "id": f"{symbol}:{fields.get('interval', '1d')}:{start}",
        "symbol": symbol,
        "interval": "1d",
        "start": start,
        "end": start + 24 * HOUR,
        "revision": 1,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 0,
        "ticks": 1,
        "closed": True,
        "late": 0,
        "indicators": indicators,
        "signals": [],
        "computed_at": start + 48 * HOUR,
    }
    return Bar(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def topic(name: str = "a" * 32, mentions: int = 20, **fields: Any) -> Topic:
    """A topic that began at START, whose last post came an hour later, unless said otherwise."""
    values: dict[str, Any] = {
        "id": name,
        "revision": 1,
        "label": "harga bbm",
        "terms": ["harga bbm"],
        "mentions": mentions,
        "stories": 4,
        "positive": 0,
        "negative": 0,
        "neutral": mentions,
        "hashtags": {},
        "words": {"harga": 9},
        "trending_score": 2.5,
        "sample_ids": ["b" * 32],
        "merged_into": None,
        "first_seen": START,
        "last_seen": START + HOUR,
        "updated_at": START + 2 * HOUR,
    }
    return Topic(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def run(ended_at: int, published: int = 1, **fields: Any) -> Run:
    """A run of rss over detik."""
    values = markets.run(
        "rss",
        "detik",
        ended_at - 1_000,
        id=f"rss:{ended_at}",
        outcome="ok" if published else "empty",
        items=published,
        published=published,
        oldest_item_at=None,
        newest_item_at=None,
    )
    return Run(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand there
