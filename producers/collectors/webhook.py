"""Webhook: posts that are sent to us, by senders that are listed; a collector that listens instead of asking."""

import time
from collections.abc import Generator, Mapping, Sequence
from threading import Event

from producers.base import Batch
from producers.settings import ProducerSettings
from producers.webhook.app import Ingest, application
from producers.webhook.intake import Delivered, Intake
from producers.webhook.senders import load_senders
from producers.webhook.serving import Serving

NAME = "webhook"
SOURCE = "ingest"
_BATCH_ITEMS = 500
_BETWEEN_S = 0.01
_IDLE_S = 0.1


class Webhook:
    """One source. A run takes what comes in for a while; what comes in between two runs waits for the next one.

    A batch is handed over, and the runner goes on once Kafka has acknowledged it: only then its senders are answered 202.
    There is no cursor, since what was not acknowledged was not accepted either.
    """

    name = NAME
    parallel = 1
    timeout_s: float | None = None

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._senders = load_senders(settings.webhook_senders)
        self._intake = Intake(settings.webhook_waiting)
        self._serving: Serving | None = None

    def sources(self) -> Sequence[str]:
        """One."""
        return [SOURCE]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """At once, for ever."""
        return _BETWEEN_S

    def check(self) -> str:
        """Where it would listen, and for how many."""
        limits = self._settings
        return f"posts of {len(self._senders)} senders, at {limits.webhook_host}:{limits.webhook_port}"

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- of the protocol
        """It asks nobody."""
        return "listens when it runs; nobody is asked"

    @property
    def url(self) -> str:
        """Where it listens, once it has run."""
        return "" if self._serving is None else self._serving.url

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:  # noqa: ARG002 -- of the protocol
        """What comes in for as long as a run takes; raises Fatal where it cannot listen."""
        self._listen()
        end = time.monotonic() + self._settings.webhook_run_s
        while not stop.is_set() and time.monotonic() < end:
            taken = self._intake.take(_BATCH_ITEMS, _IDLE_S)
            if taken:
                yield from self._handed(taken)
        if stop.is_set():
            self._intake.close()

    def close(self) -> None:
        """Stop listening."""
        self._intake.close()
        if self._serving is not None:
            self._serving.stop()

    def _handed(self, taken: Sequence[Delivered]) -> Generator[Batch]:
        acknowledged = False
        try:
            yield Batch([item for one in taken for item in one.items])
            acknowledged = True
        finally:
            for one in taken:
                one.settle(acknowledged)

    def _listen(self) -> None:
        if self._serving is None:
            limits = self._settings
            self._serving = Serving(limits.webhook_host, limits.webhook_port)
            ingest = Ingest(
                self._senders, self._intake, NAME, limits.webhook_max_bytes, limits.webhook_wait_s
            )
            self._serving.start(application(ingest))


def build(settings: ProducerSettings) -> Webhook:
    """The collector as configured; raises Fatal where nobody may send."""
    return Webhook(settings)
