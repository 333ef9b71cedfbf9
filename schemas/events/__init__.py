"""The events as typed dictionaries; a contract test holds them equal to the Avro schemas beside them.

Times are epoch milliseconds, UTC. What each field means stands in its schema (`*.avsc`).
"""

from schemas.events.accounts import Checkpoint, Count, DeadLetter, Receipt, Run
from schemas.events.alerts import Alert
from schemas.events.authors import AuthorPartial, AuthorText, Influencer, Joined, Signal
from schemas.events.control import Instrument, Keyword, Request, Rule
from schemas.events.kinds import AlertKind, Millis, Severity
from schemas.events.market import Bar, Candle, Quote
from schemas.events.mentions import Mention, Partial
from schemas.events.posts import Engagement, Post
from schemas.events.stories import Fingerprint, Story, StoryLink, StoryTurn, TurnPost
from schemas.events.topics import Assignment, Topic
from schemas.events.trends import Trend

__all__ = [
    "Alert",
    "AlertKind",
    "Assignment",
    "AuthorPartial",
    "AuthorText",
    "Bar",
    "Candle",
    "Checkpoint",
    "Count",
    "DeadLetter",
    "Engagement",
    "Fingerprint",
    "Influencer",
    "Instrument",
    "Joined",
    "Keyword",
    "Mention",
    "Millis",
    "Partial",
    "Post",
    "Quote",
    "Receipt",
    "Request",
    "Rule",
    "Run",
    "Severity",
    "Signal",
    "Story",
    "StoryLink",
    "StoryTurn",
    "Topic",
    "Trend",
    "TurnPost",
]
