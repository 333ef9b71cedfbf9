"""What is done to workers while they count, and the long form: `python -m tests.chaos.lanes --rounds N`."""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.broker import OwnBroker
from tests.support.lane_trial import Trial, Verdict

Plan = Callable[[str, Path, int, str], Verdict]
"""Bootstrap servers, a folder for logs, how often to strike, and a mutation (empty: the code as it is)."""


def kills(bootstrap: str, folder: Path, rounds: int, mutation: str = "") -> Verdict:
    """Kill -9 one of two workers again and again, at random points between the durable steps."""
    with Trial(bootstrap, folder, pause_s=0.04, hold_s=0.2, max_records=50, mutation=mutation) as trial:
        trial.fill(1_500 + 1_000 * rounds)
        trial.start()
        trial.start()
        trial.progress(200)
        for number in range(rounds):
            trial.kill(number % 2)
            trial.progress(random.randrange(100, 700))
        trial.finish()
        return trial.verdict()


def freezes(bootstrap: str, folder: Path, rounds: int, mutation: str = "") -> Verdict:
    """Freeze a worker that is about to commit until another has its partitions, then let it go on."""
    # A transaction that timed out while its owner was frozen would hide that nobody has fenced it.
    with Trial(bootstrap, folder, max_records=50, transaction_s=60, mutation=mutation) as trial:
        # There must be something to restore: a lane that finds rows but nothing committed does not go on at all.
        trial.fill(1_000)
        trial.start()
        trial.start()
        trial.finish()
        for number in range(rounds):
            trial.shared_out()
            trial.fill(1_000)
            trial.freeze_until_replaced(number % 2)
        trial.finish()
        return trial.verdict()


def errors(bootstrap: str, folder: Path, rounds: int, mutation: str = "") -> Verdict:
    """Fail at random where the fate of the transaction is open, or known to the broker only."""
    with Trial(bootstrap, folder, pause_s=0.02, fail=0.05, max_records=50, mutation=mutation) as trial:
        trial.fill(4_000 * rounds)
        trial.start()
        trial.start()
        trial.finish()
        return trial.verdict()


def terms(bootstrap: str, folder: Path, rounds: int, mutation: str = "") -> Verdict:
    """Stop and start one worker after the other, as an upgrade does."""
    with Trial(bootstrap, folder, pause_s=0.02, max_records=50, mutation=mutation) as trial:
        trial.fill(1_500 + 1_500 * rounds)
        trial.start()
        trial.start()
        for number in range(rounds):
            trial.shared_out()
            trial.progress(200)
            assert trial.stop(number % 2) == 0
            trial.start(number % 2)
        trial.finish()
        return trial.verdict()


def broker_kills(broker: OwnBroker, folder: Path, rounds: int) -> Verdict:
    """Kill -9 the broker in the middle of transactions; workers come through it or are restarted."""
    with Trial(broker.bootstrap, folder, pause_s=0.06, max_records=50) as trial:
        trial.fill(1_500 + 1_500 * rounds)
        trial.start()
        trial.start()
        for _ in range(rounds):
            trial.progress(random.randrange(100, 700))
            broker.kill()
            broker.start()
        trial.finish()
        return trial.verdict()


PLANS: dict[str, Plan] = {"kills": kills, "freezes": freezes, "errors": errors, "terms": terms}
MUTATIONS = ("uncommitted", "process_ids")
"""Deliberate bugs, each of which `freezes` must bring to light in one round."""


def main(argv: list[str]) -> int:
    """Run every plan (or those named), then kill the broker, then plant bugs; 1 if anything was not exact or a bug not caught."""
    parser = argparse.ArgumentParser(prog="tests.chaos.lanes", description=__doc__)
    parser.add_argument("plans", nargs="*", metavar="PLAN", help=f"of {', '.join(PLANS)}; all by default")
    parser.add_argument("--rounds", type=int, default=10)
    chosen = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="lanes-"))
    broker = OwnBroker(folder)
    broker.start()
    exact = True

    def tell(plan: str, verdict: Verdict) -> None:
        nonlocal exact
        exact = exact and verdict.exact
        print(f"{plan:8} {'exact' if verdict.exact else 'NOT EXACT'} {verdict}", flush=True)

    try:
        with ThreadPoolExecutor(2) as pool:
            futures = {
                plan: pool.submit(PLANS[plan], broker.bootstrap, folder, chosen.rounds, "")
                for plan in chosen.plans or PLANS
            }
            for plan, future in futures.items():
                tell(plan, future.result())
        tell("broker", broker_kills(broker, folder, chosen.rounds))
        for mutation in MUTATIONS:
            verdict = freezes(broker.bootstrap, folder, 1, mutation)
            exact = exact and not verdict.exact
            print(f"{mutation:12} {'NOT CAUGHT' if verdict.exact else 'caught'} {verdict}", flush=True)
    finally:
        broker.stop()
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
