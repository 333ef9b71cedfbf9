"""The profile of an author as its row has it."""

from typing import Literal

from processors.logic.bounded import top
from processors.logic.influencers import rows
from processors.logic.influencers.rows import Row, total
from processors.logic.influencers.score import COMPARED, score
from processors.logic.influencers.signals import signals
from schemas.events import Influencer

MAX_TOPICS = 10
OPINIONS = 1 / 3
"""Share of what follows that must be positive or negative, or its mood is neutral."""
MIXED = 0.5
"""The rarer of positive and negative, as a share of the other, from which the mood is mixed."""

_PROFILES = {
    "x": "https://x.com/{}",
    "instagram": "https://www.instagram.com/{}/",
    "reddit": "https://www.reddit.com/user/{}",
    "stocktwits": "https://stocktwits.com/{}",
    "youtube": "https://www.youtube.com/@{}",
}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


def influencer(author: str, row: Row) -> Influencer:
    """The profile; all of it follows from the row."""
    signs = signals(row, author)
    parts = score(row, len(signs))
    days = row[rows.DAYS].values()
    compared = sum(total(row, field) for field in COMPARED)
    follows = tuple(
        total(row, field) for field in (rows.FOLLOW_POSITIVE, rows.FOLLOW_NEGATIVE, rows.FOLLOW_NEUTRAL)
    )
    subjects: dict[str, int] = {}
    for day in days:
        for subject, count in day[rows.SUBJECTS].items():
            subjects[subject] = subjects.get(subject, 0) + count
    return {
        "id": author,
        "revision": row[rows.REVISION],
        "platform": row[rows.PLATFORM],
        "handle": row[rows.HANDLE],
        "name": row[rows.NAME],
        "followers": row[rows.FOLLOWERS],
        "verified": row[rows.VERIFIED],
        "profile_url": profile_url(row[rows.PLATFORM], row[rows.HANDLE]),
        "mentions": total(row, rows.MENTIONS),
        "reposts": total(row, rows.REPOSTS),
        "active_days": sum(day[rows.MENTIONS] > 0 for day in days),
        "positive": total(row, rows.POSITIVE),
        "negative": total(row, rows.NEGATIVE),
        "neutral": total(row, rows.NEUTRAL),
        "engagement": total(row, rows.ENGAGEMENT),
        "engagement_rate": _engagement_rate(row),
        "originals": total(row, rows.ORIGINALS),
        "repeats": total(row, rows.REPEATS),
        "copies": total(row, rows.COPIES),
        "marked": total(row, rows.MARKED),
        "originality": total(row, rows.ORIGINALS) / compared if compared else None,
        "follow_positive": follows[0],
        "follow_negative": follows[1],
        "follow_neutral": follows[2],
        "sentiment_influence": mood(*follows),
        "topics": top(dict(sorted(subjects.items(), key=lambda item: (-item[1], item[0]))), MAX_TOPICS),
        "score": parts.sum,
        "score_reach": parts.reach,
        "score_engagement": parts.engagement,
        "score_originality": parts.originality,
        "score_activity": parts.activity,
        "score_echo": parts.echo,
        "score_spam": parts.spam,
        "signals": signs,
        "late": row[rows.LATE],
        "last_activity": row[rows.LAST_ACTIVITY],
        "updated_at": row[rows.UPDATED_AT],
    }


def mood(positive: int, negative: int, neutral: int) -> Literal["positive", "negative", "neutral", "mixed"]:
    """The mood of what follows; neutral where nothing does."""
    opinions = positive + negative
    if not opinions or opinions < OPINIONS * (opinions + neutral):
        return "neutral"
    if min(positive, negative) >= MIXED * max(positive, negative):
        return "mixed"
    return "positive" if positive > negative else "negative"


def profile_url(platform: str, handle: str | None) -> str | None:
    """Where the profile is, for platforms whose addresses follow from handles; None where it cannot be told."""
    name = (handle or "").removeprefix("@")
    # Anything else would need quoting, and no handle of these platforms has it: then it is none.
    if platform not in _PROFILES or not name or not _PLAIN.issuperset(name):
        return None
    return _PROFILES[platform].format(name)


def _engagement_rate(row: Row) -> float | None:
    engaged, followers = total(row, rows.ENGAGED), row[rows.FOLLOWERS]
    return total(row, rows.ENGAGEMENT) / engaged / followers if engaged and followers else None
