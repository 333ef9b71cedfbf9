"""The score of an author: 0-100, the sum of parts that each say what they measure."""

from math import log10
from typing import NamedTuple

from processors.logic.influencers import rows
from processors.logic.influencers.rows import Row, total

REACH, ENGAGEMENT, ORIGINALITY, ACTIVITY, ECHO = 30.0, 25.0, 20.0, 10.0, 15.0
"""The most that each part gives; together 100."""

_MOST_FOLLOWERS = 10_000_000
_MOST_ENGAGEMENT = 10_000
"""Likes, shares and comments per post from which on more give nothing more."""
_MOST_ECHO = 1_000
"""Copies and answers, weighed, from which on more give nothing more."""
_DOUBT = 3
"""Posts that begin no story, assumed of everyone: one original post makes no original author."""
_HALF_LIFE = 10.0
"""Days after which a day counts half."""
_TAKEN = 3
"""A signal takes away one part in so many."""


class Score(NamedTuple):
    """The parts, each rounded to hundredths; `spam` is 0 or less."""

    reach: float
    engagement: float
    originality: float
    activity: float
    echo: float
    spam: float

    @property
    def sum(self) -> float:
        """0-100."""
        return round(sum(self), 2)


def score(row: Row, signs: int) -> Score:
    """The parts, where `saturating(x, most)` is log(1 + x) / log(1 + most), at most 1, and weights halve every ten days before the newest day.

    - reach: 30 * saturating(followers, 10,000,000); 0 where followers are unknown
    - engagement: 25 * saturating(weighed engagement / weighed posts that have figures, 10,000)
    - originality: 20 * originals / (posts compared + 3)
    - activity: 10 * days with a post / 30
    - echo: 15 * saturating(weighed copies and answers by others, 1,000)
    - spam: for each sign a third of the sum of these is taken away, at most all of it
    """
    weights = _weights(row)
    days = row[rows.DAYS]
    engaged = sum(weight * days[day][rows.ENGAGED] for day, weight in weights.items())
    engagement = sum(weight * days[day][rows.ENGAGEMENT] for day, weight in weights.items())
    follows = (rows.FOLLOW_POSITIVE, rows.FOLLOW_NEGATIVE, rows.FOLLOW_NEUTRAL)
    echo = sum(weight * days[day][field] for day, weight in weights.items() for field in follows)
    compared = sum(total(row, field) for field in COMPARED)
    active = sum(day[rows.MENTIONS] > 0 for day in days.values())
    parts = (
        round(REACH * _saturating(row[rows.FOLLOWERS] or 0, _MOST_FOLLOWERS), 2),
        round(ENGAGEMENT * _saturating(engagement / engaged if engaged else 0.0, _MOST_ENGAGEMENT), 2),
        round(ORIGINALITY * total(row, rows.ORIGINALS) / (compared + _DOUBT), 2),
        round(ACTIVITY * active / rows.WINDOW, 2),
        round(ECHO * _saturating(echo, _MOST_ECHO), 2),
    )
    # Never -0.0, which would be shown.
    return Score(*parts, 0.0 - round(sum(parts) * min(signs / _TAKEN, 1.0), 2))


COMPARED = (rows.ORIGINALS, rows.REPEATS, rows.COPIES, rows.MARKED)
"""The posts that stories has compared with others, by what it found."""


def _weights(row: Row) -> dict[str, float]:
    """What each day counts for, by its name."""
    newest = max(map(int, row[rows.DAYS]), default=0)
    return {day: 0.5 ** ((newest - int(day)) / _HALF_LIFE) for day in row[rows.DAYS]}


def _saturating(value: float, most: int) -> float:
    return min(log10(1 + max(value, 0)) / log10(1 + most), 1.0)
