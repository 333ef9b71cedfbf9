"""What the routes share, one of each per process, and whether it still runs."""

import asyncio
from collections.abc import Callable

import structlog
from starlette.requests import HTTPConnection

from api.access.gate import gate
from api.admission import Admission
from api.cluster import Cluster
from api.flow_watch import FlowWatch
from api.hub import Hub
from api.landed import Landed
from api.pulse import Pulse
from api.recent import Recent
from api.replay import ReplayPool
from api.resume import Starts
from api.rules import Rules
from api.settings import ApiSettings
from api.sql import SqlReader
from api.store import Store
from api.subscription import Bounds
from api.tail import Tail
from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.registry import schema_ids

log = structlog.get_logger()


class Services:
    """Built from settings alone; nothing is connected before it is used."""

    def __init__(self, settings: ApiSettings) -> None:
        codec = Codec(schema_ids(settings))
        self.settings = settings
        self.gate = gate(settings)
        self.cluster = Cluster(settings)
        recent = Recent(codec, settings.stream_recent_events, settings.stream_recent_mb * 1_048_576)
        self.hub = Hub(codec, recent)
        self.tail = Tail(settings, self.cluster, self.hub)
        self.pulse = Pulse(settings, self.hub)
        self.admission = Admission(settings)
        self.bounds = Bounds(settings.stream_buffer_events, settings.stream_buffer_bytes)
        self.pool = ReplayPool(settings, codec)
        self.starts = Starts(self.cluster, self.hub, settings.stream_replay_events)
        self.store = Store(settings)
        login = settings.owners()
        self.owners = None if login is None else Store(settings, login)
        self.landed = Landed(settings)
        self.sql = SqlReader(settings)
        self.flow = FlowWatch(settings)
        self.rules = Rules(settings, codec)
        self.proofs = asyncio.Semaphore(1)
        self._failure: BaseException | None = None
        self._stop: Callable[[], None] = lambda: None

    def on_failure(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the live stream ends by itself."""
        self._stop = stop

    def ended(self, task: "asyncio.Task[None]") -> None:
        """The task of the live stream has ended: a supervisor's business unless it was cancelled."""
        if task.cancelled() or task.exception() is None:
            return
        self._failure = task.exception()
        log.error("live_failed", error=f"{type(self._failure).__name__}: {self._failure}")
        self._stop()

    def check(self) -> None:
        """Raise Fatal if the live stream has failed."""
        if self._failure is not None:
            raise Fatal(f"the live stream failed: {self._failure}") from self._failure


def services(request: HTTPConnection) -> Services:
    """The services of the app that serves this request."""
    found: Services = request.app.state.services
    return found
