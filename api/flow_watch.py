"""Watches every step of the flow: how far behind it is, and when it last moved."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from api.settings import ApiSettings
from api.standings import Standing, Standings
from api.telemetry import STEP_LAG
from schemas.errors import Retryable
from schemas.flow import FLOW, Step

State = Literal["ok", "behind", "stalled", "unknown"]


@dataclass(slots=True)
class Watched:
    """What was last seen of one step; `moved` and `seen` are in monotonic seconds."""

    step: Step
    seen: float | None = None
    standings: list[Standing] = field(default_factory=list)
    problem: str | None = "not looked at yet"
    moved: float | None = None
    moved_at: int | None = None
    """When its committed offsets last changed while this process looked, in epoch milliseconds."""

    @property
    def lag(self) -> int:
        """Positions behind, over all inputs."""
        return sum(one.lag for one in self.standings)

    def take(self, standings: list[Standing], now: float, now_ms: int) -> None:
        """A new look."""
        before = {(one.topic, one.partition): one.committed for one in self.standings}
        after = {(one.topic, one.partition): one.committed for one in standings}
        # Without anything to do, standing still is fine: the clock starts with the first thing that waits.
        idle = self.lag == 0
        if before and before != after:
            self.moved_at = now_ms
        if self.moved is None or before != after or idle:
            self.moved = now
        self.standings, self.problem, self.seen = standings, None, now

    def state(self, now: float, stall_s: float, stale_s: float) -> State:
        """`behind` still moves, `stalled` does not, `unknown`: Kafka has not told for long."""
        if self.seen is None or now - self.seen > stale_s:
            return "unknown"
        if self.lag == 0:
            return "ok"
        return "stalled" if self.moved is not None and now - self.moved > stall_s else "behind"


class FlowWatch:
    """Looks now and then until cancelled; a step that cannot be looked at keeps what was seen, and says so."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._standings = Standings(settings)
        self._watched = [Watched(step) for step in FLOW]

    async def run(self) -> None:
        """Look, rest, look again."""
        try:
            while True:
                for one in self._watched:
                    await self._look(one)
                await asyncio.sleep(self._settings.health_sample_s)
        finally:
            await asyncio.shield(asyncio.to_thread(self._standings.close))

    def steps(self) -> list[dict[str, Any]]:
        """Every step with its state and figures, in the order of the flow."""
        now = time.monotonic()
        stale_s = 3 * self._settings.health_sample_s + self._settings.health_stale_s
        return [
            self._told(one, one.state(now, self._settings.health_stall_s, stale_s)) for one in self._watched
        ]

    async def _look(self, one: Watched) -> None:
        try:
            found = await asyncio.to_thread(self._standings.of, one.step)
        except Retryable as error:
            one.problem = str(error)
            return
        one.take(found, time.monotonic(), time.time_ns() // 1_000_000)
        STEP_LAG.labels(step=one.step.name).set(one.lag)

    def _told(self, one: Watched, state: State) -> dict[str, Any]:
        return {
            "name": one.step.name,
            "kind": one.step.kind,
            "group": one.step.group(self._settings.topic_prefix),
            "state": state,
            "problem": one.problem,
            "lag": one.lag if one.seen is not None else None,
            "owes": any(standing.owes for standing in one.standings),
            "last_progress_at": one.moved_at,
            "partitions": [
                {
                    "topic": standing.topic,
                    "partition": standing.partition,
                    "committed": standing.committed,
                    "end": standing.end,
                    "lag": standing.lag,
                }
                for standing in one.standings
            ],
        }
