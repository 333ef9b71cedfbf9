"""The state of a source, from its runs and from what was enriched of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

State = Literal["ok", "late", "throttled", "broken", "quiet"]

_MISSED_RUNS = 3
_LEAST_STARTS = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """When a source counts as late or quiet, in milliseconds."""

    late: int
    """Silence of a source that runs again and again; three of its usual pauses where they are longer."""
    enriched: int
    """From the end of a run until its newest item must have come out of enrichment."""
    quiet: int
    """Age of the newest item."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one source; times in epoch milliseconds."""

    outcome: str | None
    """Of the last run; None where no run is known."""
    ended_at: int | None
    starts: Sequence[int]
    """When the last runs began, newest first."""
    newest_item_at: int | None
    newest_mention_at: int | None
    """Event time of the newest mention of just this source; None where it makes none."""
    canary: str | None = None
    """Outcome of its collector's canary, a question that must have an answer; None where it was not asked within `Limits.quiet`."""


def usual_pause(starts: Sequence[int]) -> int | None:
    """The usual time between runs in milliseconds; None where there were too few to tell."""
    if len(starts) < _LEAST_STARTS:
        return None
    return int(median(later - earlier for later, earlier in pairwise(starts)))


def state_of(seen: Seen, limits: Limits, now: int) -> tuple[State, str]:
    """The state and its reason in words; the first rule that holds decides.

    broken      the last run ended with an error or was not let in; or nothing new has come for long, and the canary is not answered
    throttled   the last run was told to slow down
    late        no run for long, though it runs again and again; or its newest item has not been enriched
    quiet       it works, and nothing new has come for long
    ok          otherwise
    """
    if seen.outcome in ("error", "auth"):
        return "broken", "the last run failed" if seen.outcome == "error" else "the last run was not let in"
    if seen.outcome == "throttled":
        return "throttled", "the last run was told to slow down"
    pause = usual_pause(seen.starts)
    if seen.ended_at is not None and pause is not None:
        patience = max(limits.late, _MISSED_RUNS * pause)
        if now - seen.ended_at > patience:
            return "late", f"no run for {(now - seen.ended_at) // 1000} s, usual are {pause // 1000} s"
    if _unenriched(seen, limits, now):
        return "late", "its newest item has not been enriched"
    newest = max(seen.newest_item_at or 0, seen.newest_mention_at or 0)
    if now - newest > limits.quiet:
        return _silent("nothing new for long" if newest else "nothing has come yet", seen.canary)
    return "ok", "runs, and new items come"


def _silent(what: str, canary: str | None) -> tuple[State, str]:
    """A source that works by itself and brings nothing: whether that can be believed, its collector's canary tells."""
    match canary:
        case "ok":
            return "quiet", f"{what}, though its collector's canary is answered"
        case "error" | "auth":
            return "broken", f"{what}, and its collector's canary is not answered"
        case _:
            # None, or told to slow down, which says nothing of the source.
            return "quiet", what


def _unenriched(seen: Seen, limits: Limits, now: int) -> bool:
    if seen.ended_at is None or seen.newest_item_at is None or seen.newest_mention_at is None:
        return False
    return seen.newest_item_at > seen.newest_mention_at and now - seen.ended_at > limits.enriched
