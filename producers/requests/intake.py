"""The way of requests from the thread that follows the topic to what a collector owes: many at once, one cursor for the lot."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event

import structlog

from producers.delivery import Delivery
from producers.requests.desk import Desk, refusal
from producers.requests.follow import Ordered
from schemas.errors import Poison, Retryable
from schemas.events import DeadLetter

_LOT = 500
"""Requests that are taken at once at most: what was read waits meanwhile."""


class Intake:
    """`put` may be called by any thread, `take` by the one that delivers."""

    def __init__(
        self, collector: str, desk: Desk, delivery: Delivery, stop: Event, wake: Callable[[], None]
    ) -> None:
        """`wake` tells the thread that delivers that there is something to take."""
        self._collector = collector
        self._desk = desk
        self._delivery = delivery
        self._stop = stop
        self._wake = wake
        self._waiting: SimpleQueue[Ordered] = SimpleQueue()
        self._called = Event()
        self._log = structlog.get_logger().bind(collector=collector)

    def put(self, one: Ordered) -> None:
        """Have it taken."""
        self._waiting.put(one)
        self._call()

    def take(self) -> Sequence[str]:
        """Take what waits; the sources that are to be read now. What is asked for is owed once that is stored.

        Raises Fatal; Retryable once stopped.
        """
        # In this order: what is put from now on calls again.
        self._called.clear()
        lot: list[Ordered] = []
        while len(lot) < _LOT:
            try:
                lot.append(self._waiting.get_nowait())
            except Empty:
                break
        if len(lot) == _LOT:
            self._call()
        return self._taken(lot) if lot else ()

    def _call(self) -> None:
        if not self._called.is_set():
            self._called.set()
            self._wake()

    def _taken(self, lot: Sequence[Ordered]) -> Sequence[str]:
        before = self._desk.mark()
        wanted: dict[str, None] = {}
        letters: list[DeadLetter] = []
        for one in lot:
            try:
                wanted |= dict.fromkeys(self._desk.take(one))
            except Poison as why:
                letters.append(refusal(one, why, self._collector))
        if not wanted and not letters:
            return ()
        self._desk.prune()
        try:
            self._keep(letters)
        except Poison as why:
            self._desk.back(before)
            if len(lot) > 1:
                # One of them is at fault, and the others are not to be lost for it.
                return [source for one in lot for source in self._taken([one])]
            self._refuse(lot[0], why)
            return ()
        refused = [one["detail"] for one in letters]
        self._log.info(
            "requests_taken", read=len(lot), runs=list(wanted), refused=len(refused), why=refused[:3]
        )
        return list(wanted)

    def _refuse(self, one: Ordered, why: Poison) -> None:
        """Tell of one with which the book cannot be stored."""
        before = self._desk.mark()
        self._desk.know(one)
        try:
            self._keep([refusal(one, why, self._collector)])
        except Poison:
            self._desk.back(before)
            self._log.exception("request_lost", offset=one.offset, why=str(why))

    def _keep(self, letters: Sequence[DeadLetter]) -> None:
        while True:
            try:
                self._delivery.keep(self._desk.cursor(), letters)
            except Retryable:
                if self._stop.is_set():
                    raise
            else:
                return
