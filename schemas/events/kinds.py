"""Kinds of values that several events have."""

from typing import Literal

Millis = int
"""Epoch milliseconds, UTC."""

AlertKind = Literal[
    "volume_spike", "sentiment_shift", "price_move", "divergence", "keyword", "new_topic", "source_silent"
]
Severity = Literal["info", "warning", "critical"]
