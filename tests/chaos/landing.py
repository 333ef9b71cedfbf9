"""What is done to the sink and its engine while mentions land, and the long form: `python -m tests.chaos.landing`."""

import argparse
import dataclasses
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.broker import OwnBroker
from tests.support.landing_trial import LandingTrial, Verdict

KINDS = ("sink", "engine", "both", "sink@insert", "engine@insert", "both@insert")
"""Whom a kill -9 hits: at any moment, or while an insert is on its way."""
STEPS = ("commit", "insert", "verify", "inserted", "verify")
"""The durable steps of the sink's state machine; before each of them it is cut. What is left by the cut before an insert
and right after one is looked through, so that there is something to verify."""


def cuts(trial: LandingTrial, rounds: int) -> None:
    """Let the sink die before one durable step after the other, later in each round; the next finds what it left."""
    for number in range(rounds):
        for step in STEPS:
            trial.say(2_000)
            trial.cut(step, number)
    trial.start()
    trial.finish()


def kills(trial: LandingTrial, number: int, mentions: int) -> None:
    """So many kill -9s while so many mentions land, about as many of each kind."""
    portion = mentions // number
    kinds = [KINDS[at % len(KINDS)] for at in range(number)]
    trial.dice.shuffle(kinds)
    with ThreadPoolExecutor(1) as publishing:
        for at, kind in enumerate(kinds):
            before = trial.published
            said = publishing.submit(
                trial.say, portion if at < number - 1 else mentions - portion * (number - 1)
            )
            trial.strike(kind, before)
            said.result()
    trial.finish()


def tell(verdict: Verdict) -> None:
    """One line a figure."""
    print("exact" if verdict.exact else "NOT EXACT")
    for name in (field.name for field in dataclasses.fields(verdict)):
        print(f"  {name:16} {getattr(verdict, name)}", flush=True)


def main(argv: list[str]) -> int:
    """Cut, kill, and be silent for minutes; 1 if anything was not exact."""
    parser = argparse.ArgumentParser(prog="tests.chaos.landing", description=__doc__)
    parser.add_argument("--mentions", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2, help="of cuts before each durable step")
    parser.add_argument(
        "--outage-s", type=float, default=180, help="how long the engine then does not answer"
    )
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    chosen = parser.parse_args(argv)
    print(f"seed {chosen.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="landing-"))
    broker = OwnBroker(folder)
    broker.start()
    try:
        with LandingTrial(broker.bootstrap, folder, chosen.seed) as trial:
            cuts(trial, chosen.rounds)
            kills(trial, chosen.kills, chosen.mentions - trial.published)
            kept = True
            verdict = trial.verdict()
            tell(verdict)
            if chosen.outage_s:
                outage = trial.outage(chosen.outage_s, 40_000)
                print(f"outage {outage}", flush=True)
                kept = outage["same_member"] and not outage["assigned_again"]
            return 0 if verdict.exact and verdict.steps.keys() >= set(STEPS) and kept else 1
    finally:
        broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
