"""What happens to a worker between the steps of its transactions: it pauses, fails or is frozen, as a test asks."""

import asyncio
import dataclasses
import os
import random
import signal
from pathlib import Path

from aiokafka.errors import KafkaError

from processors.batching.producer import Probe

STEPS_IN_DOUBT = ("produced", "offsets_sent", "committed")
"""Where an error is injected: the fate of the transaction is open, or unknown to the client."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probing:
    """What a test asks of any worker; nothing by default. Times in seconds."""

    pause_s: float = 0.0
    """Upper bound of a random sleep at each step of a transaction."""
    hold_s: float = 0.0
    """A sleep right before every commit."""
    fail: float = 0.0
    """Probability of an error at each step in doubt."""
    flags: str = ""
    """A folder: where `PID.freeze` is in it, the process stops itself right before its next commit."""
    session_s: float = 6.0
    transaction_s: float = 15.0


def probe_of(asked: Probing) -> Probe:
    """What happens between the steps of a transaction."""

    async def probe(step: str) -> None:
        if asked.pause_s:
            await asyncio.sleep(random.random() * asked.pause_s)
        if asked.hold_s and step == "offsets_sent":
            await asyncio.sleep(asked.hold_s)
        if asked.flags and step == "offsets_sent":
            flag = Path(asked.flags) / f"{os.getpid()}.freeze"
            if flag.exists():
                flag.unlink()
                os.kill(os.getpid(), signal.SIGSTOP)
        if asked.fail and step in STEPS_IN_DOUBT and random.random() < asked.fail:
            raise KafkaError(f"injected at {step}")

    return probe
