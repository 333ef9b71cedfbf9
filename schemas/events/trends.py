"""Windows of subjects."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from schemas.events.kinds import Millis


class Trend(TypedDict):
    """One window of a subject; a higher revision replaces a lower one."""

    id: str
    revision: int
    subject_kind: str
    subject: str
    platform: str
    window: str
    start: Millis
    end: Millis
    mentions: int
    copies: int
    authors: int
    positive: int
    negative: int
    neutral: int
    engagement: int
    velocity: float
    score: float
    display_score: float
    baseline: float
    learnt: int
    least: int
    weight: int
    expected: Sequence[float]
    spread: Sequence[float]
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: Sequence[str]
    closed: bool
    late: int
    computed_at: Millis
