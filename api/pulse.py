"""The pulse: hands out what the hub has gathered, one write to each client in a turn, and looks after those who are silent or old."""

import asyncio
import random
import time
from collections import deque

from api.frames import Batch
from api.hub import Hub
from api.settings import ApiSettings
from api.stream_events import heartbeat
from api.subscription import Subscription
from api.telemetry import WAITING

_SWEEP_S = 1.0


class Pulse:
    """One task for all clients. What comes after a silence is handed out at once, what follows it within a linger together."""

    def __init__(self, settings: ApiSettings, hub: Hub) -> None:
        self._linger_s = settings.stream_linger_ms / 1000
        self._heartbeat_s = settings.stream_heartbeat_s
        self._max_age_s = settings.stream_max_age_s
        self._stall_s = settings.stream_send_timeout_s
        self._hub = hub
        self._beats: deque[Subscription] = deque()
        self._swept_at = 0.0

    def take(self, subscription: Subscription) -> None:
        """Look after a subscription from now on: what was missed has been replayed."""
        now = time.monotonic()
        subscription.beat_at = now + self._heartbeat_s
        if self._max_age_s:
            subscription.age_at = now + self._max_age_s * random.uniform(0.9, 1.1)  # noqa: S311 -- to spread load
        self._beats.append(subscription)
        if subscription.slow:
            self._hub.slow[subscription] = None

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._hub.stirred()
            except TimeoutError:
                pass
            self.turn(time.monotonic())
            await asyncio.sleep(self._linger_s)

    def turn(self, now: float) -> None:
        """Hand out, let the slow have more, beat, and now and then look who stalls or is old."""
        self._hub.flush()
        if now - self._swept_at >= _SWEEP_S:
            self._swept_at = now
            self._sweep(now)
        for subscription in list(self._hub.slow):
            subscription.pump()
            if not subscription.slow:
                del self._hub.slow[subscription]
        self._beat(now)

    def _pause_s(self) -> float:
        """How long it may do nothing where nothing comes."""
        if self._hub.slow:
            return self._linger_s
        due = self._beats[0].beat_at - time.monotonic() if self._beats else _SWEEP_S
        return min(max(due, 0.0), _SWEEP_S)

    def _beat(self, now: float) -> None:
        batches: dict[tuple[str, ...], Batch] = {}
        while self._beats and self._beats[0].beat_at <= now:
            one = self._beats.popleft()
            if one.closed is not None:
                continue
            one.beat_at = now + self._heartbeat_s
            self._beats.append(one)
            # Who has not been given everything stands before the hub; his own events move him on.
            if one.live:
                topics = one.filter.topics
                batch = batches.get(topics)
                if batch is None:
                    batch = batches[topics] = Batch([heartbeat(self._hub.vector.id(topics))])
                one.beat(batch)

    def _sweep(self, now: float) -> None:
        waiting = 0
        for one in list(self._hub):
            if one.closed is not None:
                continue
            waiting += one.behind
            if one.stalled_s(now) > self._stall_s:
                one.close("stalled")
                one.sink.abort()
            elif one.age_at and now >= one.age_at:
                one.close("age")
        WAITING.set(waiting)
