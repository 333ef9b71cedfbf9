"""The numbers of a running stack, sampled: posts, mentions, trend windows, rates, and how far each step is behind."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.progress import Progress
from deploy.sql import Reader
from schemas.errors import DenyutError, Retryable
from schemas.flow import FLOW
from schemas.settings import KafkaSettings
from schemas.tables import MENTIONS, TRENDS

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Figures:
    """One sample; what could not be read is None."""

    at: float
    """Monotonic seconds."""
    posts: int | None = None
    mentions: int | None = None
    trends: int | None = None
    """Windows known, each counted once."""
    lags: Mapping[str, int] | None = None

    def rate(self, name: str, before: "Figures | None") -> float | None:
        """How many a second since `before`."""
        if before is None or self.at <= before.at:
            return None
        now, then = getattr(self, name), getattr(before, name)
        return None if now is None or then is None else (now - then) / (self.at - before.at)


class Sampler:
    """Reads figures; a part that does not answer is left out, never waited for long."""

    def __init__(self, settings: KafkaSettings, reader: Reader) -> None:
        self._progress = Progress(settings, timeout_s=_PATIENCE_S)
        self._reader = reader

    def sample(self) -> Figures:
        """The numbers now."""
        posts: int | None = None
        lags: dict[str, int] | None = None
        try:
            posts = self._progress.ends("posts")
            lags = {step.name: self._progress.lag(step) for step in FLOW}
        except Retryable:
            pass
        return Figures(
            time.monotonic(), posts, self._count(MENTIONS, "count()"), self._count(TRENDS, "uniq(id)"), lags
        )

    def _count(self, table: str, what: str) -> int | None:
        try:
            return int(self._reader.rows(f"SELECT {what} FROM {table}")[0][0])  # noqa: S608 -- both are ours
        except (DenyutError, IndexError, ValueError):
            return None
