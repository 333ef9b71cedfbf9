"""Tells in the log now and then how far a long run is, and how fast."""

import time

import structlog

from producers.tally import Tally


class ProgressLog:
    """The log of one run."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, every_s: float) -> None:
        self._log = log
        self._every_s = every_s
        self._told_at = time.monotonic()
        self._told = 0

    def tell(self, tally: Tally) -> None:
        """Log where it is time to."""
        now = time.monotonic()
        if now - self._told_at < self._every_s:
            return
        per_s = (tally.published - self._told) / (now - self._told_at)
        self._log.info(
            "run_progress", published=tally.published, refused=tally.refused, per_s=round(per_s, 1)
        )
        self._told_at, self._told = now, tally.published
