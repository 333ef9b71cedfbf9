"""What the supervisor is told about a process, and how patient it is with one that ends."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["waiting", "starting", "running", "backoff", "stopping", "stopped", "done"]
"""`waiting` for what it comes after, `starting` until its probe succeeds, `backoff` until the next start."""

Probe = Callable[[], bool]
"""Asks once whether a process is ready; called in a thread, must return within seconds, may raise Retryable."""


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own."""
    after: tuple[str, ...] = ()
    """Processes (earlier in the table) that must be ready before it starts, and that stop after it."""
    ready: Probe | None = None
    """Without a probe a process is ready once it runs, and one with `once` when it has ended well."""
    then: Callable[[], None] | None = None
    """Called in a thread once the probe succeeded, before the process counts as ready, and may raise Retryable; with
    `once` instead when it has ended well."""
    once: bool = False
    """Ends by itself: exit status 0 is the end of it, anything else starts it again."""
    step: str | None = None
    """The step of the flow it works for, whose lag it shows."""
    ready_s: float = 90
    """How long it may take to become ready before it is killed and started again."""
    stop_s: float = 15
    """How long it may take to end after SIGTERM before it gets SIGKILL."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Exponential back-off with jitter, in seconds."""

    first_s: float = 0.2
    most_s: float = 15.0
    jitter: float = 0.3
    """Share by which a delay varies up and down, so that what failed together does not return together."""
    stable_s: float = 30.0
    """A process that was ready this long starts again at `first_s`."""

    def delay(self, failures: int, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1); `chance` gives [0, 1)."""
        # The exponent is bounded so that a process failing for weeks does not overflow a float.
        plain = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return plain * (1 + self.jitter * (2 * chance() - 1))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a process stands at one moment; `started` is its start time as the system tells it (epoch seconds)."""

    name: str
    pid: int | None
    started: float | None
    state: State
    restarts: int
    step: str | None = None
