"""GET /api/v1/sources: three clocks and one state for every source that is collected."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.parameters import Parameters, read
from api.queries import runs as query
from api.services import services
from api.sources import Limits, Seen, state_of, usual_pause
from schemas.canary import CANARY

_DAY_MS = 86_400_000
_LOOK_BACK_MS = 30 * _DAY_MS
_RECENT_MS = 7 * _DAY_MS


class SourcesParameters(Parameters):
    """None are taken."""


PARAMETERS = SourcesParameters


async def sources(request: Request) -> Response:
    """Last run, newest item, newest enriched item and state of each source of the last 30 days.

    A collector that reads one thing only, whose posts name other sources (a replayed file of many outlets), has one row
    with all its posts. What a collector's canary was answered decides whether a source that brings nothing is quiet or broken.
    """
    read(SourcesParameters, request.query_params)
    own = services(request)
    now = time.time_ns() // 1_000_000
    ran, mentioned = await asyncio.gather(
        query.by_source(own.store, now - _LOOK_BACK_MS, now - _RECENT_MS),
        query.enriched(own.store, now - _LOOK_BACK_MS),
    )
    limits = own.settings.source_limits()
    # One that has not been asked for long, because nobody wants it any more, says nothing.
    canaries = {
        row["collector"]: row["outcome"]
        for row in ran
        if row["source"] == CANARY and now - row["ended_at"] <= limits.quiet
    }
    # A canary brings nothing that could be another source's.
    collectors = Counter(row["collector"] for row in ran if row["source"] != CANARY)
    found = [_row(row, _counted(row, mentioned, collectors), canaries, limits, now) for row in ran]
    # Without any run there is still what it brought: a stream of posts written by somebody else's collector.
    strangers = [row for row in mentioned if row["collector"] not in collectors]
    found += [_row(row, [row], canaries, limits, now) for row in strangers]
    return json_answer({"at": now, "sources": found})


def _counted(
    row: Mapping[str, Any], mentioned: Sequence[Mapping[str, Any]], collectors: Mapping[str, int]
) -> list[Mapping[str, Any]]:
    """The mentions that belong to a run's row."""
    of_collector = [one for one in mentioned if one["collector"] == row["collector"]]
    own = [one for one in of_collector if one["source"] == row["source"]]
    only = row["source"] != CANARY and collectors[row["collector"]] == 1
    return own or (of_collector if only else [])


def _row(
    row: Mapping[str, Any],
    counted: Sequence[Mapping[str, Any]],
    canaries: Mapping[str, str],
    limits: Limits,
    now: int,
) -> dict[str, Any]:
    ran = "runs" in row
    newest_mention = max((one["newest_mention_at"] for one in counted), default=None)
    starts = row["starts"] if ran else []
    seen = Seen(
        outcome=row["outcome"] if ran else None,
        ended_at=row["ended_at"] if ran else None,
        starts=starts,
        newest_item_at=row["newest_item_at"] if ran else newest_mention,
        newest_mention_at=newest_mention,
        canary=None if row["source"] == CANARY else canaries.get(row["collector"]),
    )
    state, reason = state_of(seen, limits, now)
    quota = row["quota_left"] if ran else -1
    return {
        "collector": row["collector"],
        "source": row["source"],
        "state": state,
        "reason": reason,
        "last_run_at": seen.ended_at,
        "last_outcome": seen.outcome,
        "last_error": (row["error"] or None) if ran else None,
        "last_items": row["items"] if ran else None,
        "runs": row["runs"] if ran else 0,
        "usual_pause_ms": usual_pause(starts),
        "quota_left": None if quota < 0 else quota,
        "newest_item_at": seen.newest_item_at,
        "newest_mention_at": newest_mention,
        "newest_enriched_at": max((one["enriched_at"] for one in counted), default=None),
        "mentions": sum(one["mentions"] for one in counted),
    }
