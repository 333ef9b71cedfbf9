"""What comes of a trial of all collectors: items against mentions, faults against runs. Pure, so that it can be shown to fail."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.upstreams import Fault

OUTCOMES: Mapping[str, str] = {"401": "auth", "429": "throttled", "429-retry-after": "throttled"}
"""How a run ends that meets this; others are an `error`, but `frozen`: that is an answer as any other."""

_HUNG_MS = 60_000
"""No run that met a fault goes on for as long: the limits of a request are a few seconds."""

Fate = Literal["told", "cut_off", "untold"]


@dataclass(frozen=True)
class Met:
    """A fault that a collector met at that time; `part` is one of many things that its run reads, which the others outlive."""

    collector: str
    kind: Fault
    at: int
    stream: bool = False
    part: bool = False


@dataclass(frozen=True)
class Life:
    """From when to when a runner lived, and whether it was killed."""

    began: int
    ended: int
    killed: bool


def fate(met: Met, runs: Iterable[Mapping[str, Any]], lives: Iterable[Life]) -> Fate:
    """Whether a run tells of the fault, or could not: its runner was killed or told to stop before it ended."""
    own = [
        run for run in runs if run["collector"] == met.collector and (run["source"] == "stream") == met.stream
    ]
    within = [run for run in own if run["started_at"] <= met.at <= run["ended_at"]]
    if any(_tells(run, met) for run in within):
        return "told"
    if any(str(run["error"]).startswith("stopped") for run in within):
        return "cut_off"
    life = next((one for one in lives if one.began <= met.at <= one.ended), None)
    if life is None or not life.killed or life.ended - met.at > _HUNG_MS:
        return "untold"
    # One run at a time: one that ended later was this one, or began after it had ended.
    went_on = any(met.at <= run["ended_at"] and run["started_at"] <= life.ended for run in own)
    return "untold" if went_on else "cut_off"


def _tells(run: Mapping[str, Any], met: Met) -> bool:
    if met.kind == "frozen":
        return True
    if met.part:
        return run["error"] is not None
    return bool(run["outcome"] == OUTCOMES.get(met.kind, "error"))


@dataclass(frozen=True)
class Verdict:
    """What was given out and done, and what differs from the truth: nothing must."""

    given: Mapping[str, int]
    """Items, by collector."""
    posts: int
    """Records of `posts`, repeats among them."""
    missing: Sequence[str]
    doubled: Sequence[str]
    strange: Sequence[str]
    """Mentions and quotes of what nobody gave out."""
    told: Mapping[str, int]
    """Faults that stand in `runs`, by kind."""
    cut_off: int
    """Faults whose run was killed, or told to stop, before it had ended."""
    untold: Sequence[Met]
    outcomes: Mapping[str, int]
    """Of runs."""
    kills: int
    ended_by_itself: int
    """Runners that did: none must."""
    enrich_restarts: int
    letters: int
    """Dead letters; a malformed line of a stream becomes one."""
    forged: int
    """Requests that the webhook took though their signature was wrong."""

    @property
    def exact(self) -> bool:
        """Whether every item is there once, and every fault is told of."""
        differs = (self.missing, self.doubled, self.strange, self.untold)
        return not any(differs) and not self.ended_by_itself and not self.forged


def compared(given: Iterable[str], found: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """(missing, doubled, strange) among the ids that were found."""
    expected, counted = set(given), Counter(found)
    return (
        sorted(expected - counted.keys()),
        sorted(name for name, times in counted.items() if times > 1),
        sorted(counted.keys() - expected),
    )
