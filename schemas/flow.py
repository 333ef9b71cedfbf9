"""The flow as data: which step reads which topics under which consumer group, in the order events take."""

from dataclasses import dataclass
from typing import Literal

from schemas.topics import TOPICS


@dataclass(frozen=True, slots=True)
class Step:
    """One stage or sink; `inputs` and `outputs` are names in the topic catalogue."""

    name: str
    kind: Literal["stage", "sink"]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def group(self, prefix: str) -> str:
        """Its consumer group; a Faust stage's application id is the same."""
        return prefix + self.name

    def partitions(self, shared: int) -> int:
        """How many partitions its inputs have where the shared count is `shared`: more workers of it have nothing to do."""
        return max(TOPICS[name].partitions(shared) for name in self.inputs)


FLOW = (
    Step(
        "enrich",
        "stage",
        ("posts",),
        ("mentions", "partials", "author-partials", "fingerprints", "receipts", "dead-letters"),
    ),
    Step(
        "stories",
        "stage",
        ("fingerprints",),
        (
            "story-links",
            "stories",
            "story-turns",
            "partials",
            "author-partials",
            "trends",
            "dead-letters",
        ),
    ),
    Step("topics", "stage", ("story-turns",), ("topics", "assignments", "topic-partials", "dead-letters")),
    Step("trends", "stage", ("partials", "topic-partials"), ("trends", "dead-letters")),
    Step("influencers", "stage", ("author-partials",), ("influencers", "dead-letters")),
    Step("market", "stage", ("quotes", "candles"), ("bars", "dead-letters")),
    Step(
        "alerts",
        "stage",
        ("trends", "bars", "runs", "topics", "closes"),
        ("closes", "alerts", "alerts.json", "dead-letters"),
    ),
    Step(
        "clickhouse",
        "sink",
        (
            "posts",
            "engagements",
            "mentions",
            "receipts",
            "trends",
            "dead-letters",
            "keywords",
            "runs",
            "candles",
            "quotes",
            "bars",
            "alerts",
            "story-links",
            "stories",
            "influencers",
            "topics",
            "assignments",
        ),
        (),
    ),
)


def step(name: str) -> Step:
    """The step of that name; raises KeyError if there is none."""
    for candidate in FLOW:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
