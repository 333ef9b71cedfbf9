"""Simulate: made-up posts about Indonesian public life and markets, from a seed, with planted bursts.

Every slice of simulated time has its posts, whoever asks: a restarted simulation goes on in the same world. Live
(without `simulate_start`) it publishes what is due from now on and leaves out what it missed; with a start it
publishes every post from there on, once.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from threading import Event
from typing import NamedTuple

import orjson
import structlog

from producers.base import Batch, Cursor, Item
from producers.clock import event_at, now_ms
from producers.settings import ProducerSettings
from producers.simulation.plan import MINUTE_MS, Burst, Plan
from producers.simulation.writer import NAME, SLICE_MS, Writer
from schemas.errors import Fatal
from schemas.events import Millis, Post

_BATCH_ITEMS = 1_000


class Simulate:
    """One simulated world; its single source is named after its seed."""

    name = NAME
    parallel = 1
    timeout_s = None

    def __init__(self, settings: ProducerSettings) -> None:
        self._plan = Plan(
            settings.simulate_seed,
            settings.simulate_rate,
            settings.simulate_rhythm,
            settings.simulate_burst_every_s * 1000 // MINUTE_MS,
        )
        self._writer = Writer(self._plan)
        self._start = _start(settings)
        self._begun: Millis | None = None
        self._speed = None if settings.simulate_speed == "max" else settings.simulate_speed
        if self._start is None and self._speed != 1:
            raise Fatal("DENYUT_SIMULATE_SPEED other than 1 needs DENYUT_SIMULATE_START")
        if self._speed is not None and self._speed <= 0:
            raise Fatal("DENYUT_SIMULATE_SPEED is neither max nor a number above 0")
        self._run_s = settings.simulate_run_s
        self._left = settings.simulate_limit or None
        self._duration_ms = round(settings.simulate_duration_s * 1000)
        self._written: Iterator[_Written] | None = None
        self._next: _Written | None = None
        self._cursor: str | None = None
        self._told: Burst | None = None
        self._finished = False

    def sources(self) -> Sequence[str]:
        """One: the seed, and the start where there is one."""
        source = f"seed-{self._plan.seed}"
        return [source if self._start is None else f"{source}-from-{self._start}"]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """At once, until the limit or the duration is reached."""
        return None if self._finished else 0

    def check(self) -> str:
        """Rate and seed, and what is planted in the next hour."""
        now = self._start or now_ms()
        bursts = ", ".join(
            f"{burst.subject.slug} at {_iso(burst.start)}"
            for burst in self._plan.bursts(now, now + 3_600_000)
        )
        return f"{self._plan.rate:g} posts/s from seed {self._plan.seed}; bursts: {bursts}"

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- of the protocol
        """It needs nobody."""
        return "made here, nothing to reach"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is due in the next `simulate_run_s` seconds."""
        ends = time.monotonic() + self._run_s
        checkpoint = f"{source}/{self._writer.world}"
        stored = cursors.get(checkpoint)
        if self._written is None or stored != self._cursor:
            self._written, self._next, self._cursor = self._from(stored), None, stored
        pace = _Pace(self._speed, live=self._start is None)
        items: list[Item] = []

        def batch() -> Batch:
            full = Batch(tuple(items), (Cursor(checkpoint, self._cursor or ""),))
            items.clear()
            return full

        while True:
            written = self._next = self._next or next(self._written)
            if items and pace.wait_s(written.post) > 0:
                yield batch()
            if not _wait(pace.wait_s(written.post), ends, stop):
                break
            if self._over(written.post):
                self._finished = True
                break
            self._next = None
            if written.number == 0 or self._told is None:
                self._tell(written.post)
            self._cursor = orjson.dumps(
                {"slice": written.slice_number, "number": written.number + 1}
            ).decode()
            items.append(_collected(written.post))
            if len(items) >= _BATCH_ITEMS:
                yield batch()
        if items:
            yield batch()

    def _from(self, stored: str | None) -> Iterator["_Written"]:
        """Every post after the stored cursor; of a live world from this process's first run on."""
        position = {"slice": 0, "number": 0} if stored is None else orjson.loads(stored)
        if self._begun is None:
            self._begun = self._start or now_ms()
        not_before = self._begun
        first = max(position["slice"], not_before // SLICE_MS)
        for slice_number in count(first):
            for number, post in enumerate(self._writer.posts(slice_number)):
                seen = slice_number == position["slice"] and number < position["number"]
                if not seen and post["event_at"] >= not_before:
                    yield _Written(slice_number, number, post)

    def _over(self, post: Post) -> bool:
        """Whether the limit or the duration is reached before `post`."""
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                return True
        return bool(self._duration_ms) and post["event_at"] >= (self._begun or 0) + self._duration_ms

    def _tell(self, post: Post) -> None:
        """Log the bursts that are planted in the time after `post`, each once."""
        at = post["event_at"]
        # Two slots: from an early burst of one to a late one of the next it is longer than a slot.
        for burst in self._plan.bursts(at, at + 2 * self._plan.burst_minutes * MINUTE_MS):
            if self._told is None or burst.start > self._told.start:
                self._told = burst
                structlog.get_logger().info(
                    "burst_planned",
                    subject=burst.subject.slug,
                    starts_at=_iso(burst.start),
                    ends_at=_iso(burst.end),
                    factor=round(burst.factor, 1),
                    mood=burst.mood,
                )


class _Written(NamedTuple):
    """A post and its place in the world."""

    slice_number: int
    number: int
    post: Post


class _Pace:
    """When a post is due: live at its own time, otherwise as far from the first one as the speed has it."""

    def __init__(self, speed: float | None, *, live: bool) -> None:
        self._speed = speed
        self._live = live
        self._first: tuple[Millis, float] | None = None

    def wait_s(self, post: Post) -> float:
        """Seconds until `post` is due."""
        if self._live:
            return (post["event_at"] - now_ms()) / 1000
        if self._speed is None:
            return 0
        if self._first is None:
            self._first = (post["event_at"], time.monotonic())
        at, started = self._first
        return started + (post["event_at"] - at) / 1000 / self._speed - time.monotonic()


def build(settings: ProducerSettings) -> Simulate:
    """The collector as configured."""
    return Simulate(settings)


def _wait(wait_s: float, ends: float, stop: Event) -> bool:
    """Wait until a post is due; False where the run ends before, or is told to."""
    left_s = ends - time.monotonic()
    if left_s <= 0 or wait_s > left_s:
        stop.wait(max(0.0, left_s))
        return False
    return not stop.wait(max(0.0, wait_s))


def _collected(post: Post) -> Item:
    now = now_ms()
    post["collected_at"] = now
    post["event_at"] = event_at(post["published_at"], now)
    return Item("posts", post, post["id"])


def _start(settings: ProducerSettings) -> Millis | None:
    start = settings.simulate_start
    if start is None:
        return None
    if start.tzinfo is None:
        raise Fatal("DENYUT_SIMULATE_START names no time zone; write it as 2026-01-31T08:00:00+07:00")
    return round(start.timestamp() * 1000)


def _iso(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
