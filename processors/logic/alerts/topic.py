"""A topic that many speak of for the first time."""

import math

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.removal import any_mentions
from processors.logic.alerts.wording import since
from processors.logic.bounded import top
from schemas.events import Rule, Topic

AGES_MS = {"": math.inf, "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000}
"""How old a topic may be, by window of the rule."""
_TERMS = 20


def new_topic(rule: Rule, topic: Topic) -> Finding | None:
    """The topic has `minimum` mentions, a trending score of `threshold` where that is asked for, and is no older than the window.

    Its age is the time from its first post to its last; an empty window asks for none, so `minimum` within `1h` is a rate. Observed
    are its mentions, expected the minimum, the score is the trending score. It fires at its last post. A topic that went into
    another one is none any more.
    """
    if topic["merged_into"] is not None or topic["mentions"] < max(rule["minimum"], 1):
        return None
    if rule["threshold"] > 0 and topic["trending_score"] < rule["threshold"]:
        return None
    if topic["last_seen"] - topic["first_seen"] > AGES_MS[rule["window"]]:
        return None
    doubt = "Fewer may do: what the rest would have scored is not known." if rule["threshold"] > 0 else ""
    return Finding(
        topic["first_seen"],
        topic["last_seen"],
        topic["last_seen"],
        topic["mentions"],
        rule["minimum"],
        topic["trending_score"],
        f"{topic['mentions']} mentions in {topic['stories']} stories of a new topic, '{topic['label']}', "
        f"since {since(topic['first_seen'])}: the rule asks for {rule['minimum']}.",
        terms=top(topic["words"], _TERMS),
        samples=topic["sample_ids"],
        removal=any_mentions(topic["mentions"], max(rule["minimum"], 1) - 1, doubt),
    )
