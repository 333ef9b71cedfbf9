"""All collectors at once against their local servers, with faults and kills: `python -m tests.chaos.collectors --minutes 30 --kills 10`."""

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

from tests.support import rooms
from tests.support.broker import OwnBroker
from tests.support.gathered import Verdict
from tests.support.gathering import ARTICLES_S, Gathering
from tests.support.spoiling import QUICK

_LAST_S = 15.0
_PATIENCE_S = 900.0
"""An article that could not be read is tried again after ten minutes."""


def each_fault_once(trial: Gathering, kills: int) -> None:
    """Every fault after which somebody comes back soon, met by every collector; a kill after each few."""
    trial.begin()
    for number, kind in enumerate(QUICK):
        trial.spoil_each(kind)
        trial.live(1, faults=False)
        if number % max(1, len(QUICK) // kills) == 0 and trial.kills < kills:
            trial.kill()
    trial.arrived(180)
    trial.finish()


def at_random(trial: Gathering, minutes: float, kills: int) -> None:
    """Items, faults and kills at random for so long."""
    trial.begin()
    left_s = 60 * minutes - _LAST_S
    portion_s = left_s / kills
    early, late = 0.0, 0.0
    for number in range(kills):
        # Each kill somewhere in its portion of the time.
        late = (number + trial.dice.random()) * portion_s if number < kills - 1 else left_s
        trial.live(late - early, articles=left_s - late > ARTICLES_S)
        early = late
        trial.kill()
        print(f"{time.strftime('%H:%M:%S')} kill {trial.kills}, {len(trial.given)} items", flush=True)
    # What parks a collector now would have to be waited for.
    trial.live(_LAST_S, parking=False)
    trial.calm()
    trial.arrived(_PATIENCE_S)
    trial.finish()


def tell(verdict: Verdict) -> None:
    """One line a figure."""
    print("exact" if verdict.exact else "NOT EXACT")
    print(f"  {'items':16} {sum(verdict.given.values())}")
    for name in (one.name for one in dataclasses.fields(verdict)):
        value = getattr(verdict, name)
        if isinstance(value, dict):
            value = ", ".join(f"{one} {times}" for one, times in sorted(value.items()))
        print(f"  {name:16} {value}", flush=True)


def main(argv: list[str]) -> int:
    """Run it; 1 if an item is not one mention, or a fault in no run."""
    parser = argparse.ArgumentParser(prog="tests.chaos.collectors", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    chosen = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="collectors-"))
    print(f"seed {chosen.seed}, logs in {folder}", flush=True)
    # Nobody kills it, and on cores this busy its heartbeats may come late: it would fence itself for a moment.
    broker = OwnBroker(folder, more="broker.session.timeout.ms=30000\n")
    broker.start()
    try:
        # Ten starts of all collectors from nothing would be ten times the import of all that they use.
        with rooms.preloading(), Gathering(broker.bootstrap, folder, chosen.seed, "chaos.") as trial:
            at_random(trial, chosen.minutes, chosen.kills)
            verdict = trial.verdict()
    finally:
        broker.stop()
    tell(verdict)
    return 0 if verdict.exact else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
