"""One client's stream: open, what it missed, then live; heartbeats and the reason of its end."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson

from api.filters import Filter
from api.frames import Frame, frame, joined
from api.hub import Hub
from api.positions import Position, Vector, encode
from api.replay import Expired, ReplayPool, behind
from api.resume import Start, Starts
from api.settings import ApiSettings
from api.subscription import CloseReason, Subscription
from api.telemetry import CLOSES, CONNECTIONS, FRAMES, RESETS

_NEAR = 500
"""Offsets behind the hub at which a client joins it; more would fill its buffer while it is still replayed."""


class Ended(Exception):  # noqa: N818 -- the regular end of a stream, with its reason
    """The stream ends; `reason` goes to the client."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason)
        self.reason: CloseReason = reason


class Stream:
    """Every chunk is whole frames, every frame has an id, and an id covers all frames sent up to it."""

    def __init__(
        self, settings: ApiSettings, hub: Hub, pool: ReplayPool, starts: Starts, wanted: Filter
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._pool = pool
        self._starts = starts
        self._filter = wanted
        self._topics = wanted.topics
        self._last = ""
        self._beat_at = 0.0

    async def chunks(self, start: Start, opening: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """The stream from `start` on; `opening` is what the `open` event says besides position and gap.

        Must be closed (aclose) when the client has gone.
        """
        CONNECTIONS.inc()
        reason = "client"
        try:
            yield self._opened(start, opening)
            async with aclosing(self._frames(Vector(start.position))) as batches:
                async for frames in batches:
                    yield self._sent(frames)
        except Ended as end:
            reason = end.reason
            yield self._sent([self._control("close", self._last, {"reason": end.reason})])
        finally:
            CONNECTIONS.dec()
            CLOSES.labels(reason=reason).inc()

    async def _frames(self, vector: Vector) -> AsyncGenerator[list[Frame], None]:
        """What was missed, then live; never empty. Raises Ended."""
        # Far behind, follow the hub without joining it: its events would only pile up.
        while _distance(vector, target := self._target(vector)) > _NEAR:
            async with aclosing(self._replayed(vector, target)) as batches:
                async for frames in batches:
                    yield frames
        subscription = Subscription(
            self._filter, self._settings.stream_buffer_events, self._settings.stream_buffer_bytes
        )
        self._target(vector)
        target = self._hub.join(subscription)
        try:
            async with aclosing(self._replayed(vector, target)) as batches:
                async for frames in batches:
                    yield frames
            async with aclosing(self._live(subscription)) as batches:
                async for frames in batches:
                    yield frames
        finally:
            self._hub.leave(subscription)

    def _target(self, vector: Vector) -> Position:
        """Where the hub stands now, `vector` made to speak of the same partitions. Raises Ended."""
        if self._hub.draining:
            raise Ended("shutdown")
        target = self._hub.position(self._topics)
        if any(vector.position((topic,))[topic].epoch != at.epoch for topic, at in target.items()):
            raise Ended("recreated")
        vector.cover(target)
        return target

    async def _replayed(self, vector: Vector, target: Position) -> AsyncGenerator[list[Frame], None]:
        """From `vector` to `target`, with a reset where offsets expire meanwhile."""
        while behind(vector, target):
            try:
                async with aclosing(self._pool.replay(self._filter, vector, target)) as batches:
                    async for batch in batches:
                        frames = [*batch, *self._due(vector.id(self._topics))]
                        if frames:
                            yield frames
                        if self._hub.draining:
                            raise Ended("shutdown")
            except Expired:
                start = await self._starts.after(self._topics, vector.id(self._topics))
                for topic, at in start.position.items():
                    for number, offset in enumerate(at.offsets):
                        vector.advance(topic, number, min(offset, target[topic].offsets[number]))
                yield [self._reset(start, vector.id(self._topics))]

    async def _live(self, subscription: Subscription) -> AsyncGenerator[list[Frame], None]:
        while True:
            await subscription.wait(self._beat_at - time.monotonic())
            frames = subscription.take()
            if subscription.closed is not None:
                if frames:
                    yield frames
                raise Ended(subscription.closed)
            # Nothing waits any more, so the client has all that the hub has passed.
            frames += self._due(self._hub.vector.id(self._topics))
            if frames:
                yield frames

    def _opened(self, start: Start, opening: dict[str, Any]) -> bytes:
        """The `open` event, and the `reset` where there is a gap."""
        self._beat_at = time.monotonic() + self._settings.stream_heartbeat_s
        position = encode(start.position)
        said = {
            **opening,
            "position": position,
            "gap": [gap.as_json() for gap in start.gaps] or None,
            "topics": list(self._topics),
            "heartbeat_s": self._settings.stream_heartbeat_s,
            "at": _now_ms(),
        }
        frames = [self._control("open", position, said, retry=self._settings.stream_retry_ms)]
        if start.gaps:
            frames.append(self._reset(start, position))
        return self._sent(frames)

    def _reset(self, start: Start, position: str) -> Frame:
        for gap in start.gaps:
            RESETS.labels(reason=gap.reason).inc()
        reasons = sorted({gap.reason for gap in start.gaps})
        missing = [gap.as_json() for gap in start.gaps]
        return self._control(
            "reset", position, {"reasons": reasons, "missing": missing, "position": position}
        )

    def _due(self, position: str) -> list[Frame]:
        """A heartbeat, where it is time for one."""
        now = time.monotonic()
        if now < self._beat_at:
            return []
        self._beat_at = now + self._settings.stream_heartbeat_s
        return [self._control("heartbeat", position, {"position": position, "at": _now_ms()})]

    def _sent(self, frames: list[Frame]) -> bytes:
        self._last = frames[-1].id
        FRAMES.inc(len(frames))
        return joined(frames)

    @staticmethod
    def _control(event: str, position: str, data: dict[str, Any], retry: int | None = None) -> Frame:
        return frame(event, position, orjson.dumps(data).decode(), retry)


def _distance(vector: Vector, target: Position) -> int:
    """How many offsets lie between, over all partitions."""
    gone = behind(vector, target)
    return sum(target[topic].offsets[number] - offset for (topic, number), offset in gone.items())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
