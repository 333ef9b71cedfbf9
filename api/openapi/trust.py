"""JSON Schemas of the answers that say why others can be trusted: the proof, and a figure explained."""

from collections.abc import Mapping
from typing import Any

from api.openapi.shapes import COUNT, CURSOR, FLAG, MILLIS, TEXT, answer, many, nullable

_LEDGER = dict.fromkeys(("collected", "mentions", "repeats", "dead_letters", "landed", "difference"), COUNT)
_DIFFERENCE = answer(
    what=TEXT,
    where=TEXT,
    expected=COUNT,
    found=COUNT,
    detail=TEXT,
    topic=nullable(TEXT),
    partition=nullable(COUNT),
    offsets=nullable(many(COUNT)),
)
_ORIGIN = {
    "type": "object",
    "properties": {
        "topic": TEXT,
        "partition": COUNT,
        "offset": COUNT,
        "id": TEXT,
        "url": nullable(TEXT),
        "platform": TEXT,
        "source": TEXT,
        "event_at": MILLIS,
        "collected_at": MILLIS,
        "sentiment": TEXT,
        "keywords": many(TEXT),
        "model_version": TEXT,
        "landed": answer(topic=TEXT, partition=COUNT, offset=COUNT, at=MILLIS),
        "collector": TEXT,
        "started_at": MILLIS,
        "ended_at": MILLIS,
        "oldest_item_at": nullable(MILLIS),
        "newest_item_at": nullable(MILLIS),
    },
    "required": ["topic", "partition", "offset", "id", "url", "source"],
}
_COVERAGE = {
    **answer(**{"from": MILLIS, "to": MILLIS}, buckets=COUNT, covered_buckets=COUNT, uncovered=many(MILLIS)),
    "type": ["object", "null"],
}
PROOF = answer(
    **{"from": nullable(MILLIS), "to": nullable(MILLIS)},
    source=many(TEXT),
    as_of=MILLIS,
    holds=FLAG,
    **_LEDGER,
    ledger=many(answer(source=TEXT, hour=MILLIS, **_LEDGER)),
    differences=many(_DIFFERENCE),
    cut=FLAG,
    kept_since={"type": "object", "additionalProperties": MILLIS},
    next=CURSOR,
)


def explained(period: Mapping[str, Any]) -> dict[str, Any]:
    """A figure of the dashboard, whose answers begin with `period`."""
    return answer(
        figure=TEXT,
        **period,
        value={"description": "as the dashboard shows it: a number, an object or a list"},
        query=TEXT,
        models=many(answer(model_version=TEXT, mentions=COUNT)),
        coverage=_COVERAGE,
        count=COUNT,
        origins=many(_ORIGIN),
        next=CURSOR,
    )
