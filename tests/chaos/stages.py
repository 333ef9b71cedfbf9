"""What is done to workers of real stages while they have work, and the same by hand: `python -m tests.chaos.stages STAGE… --kills N`."""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support import rooms
from tests.support.broker import OwnBroker
from tests.support.stage_case import Case
from tests.support.stage_cases import CASES
from tests.support.stage_trial import Outcome, StageTrial

SESSION_S = 3.0
"""How long a worker may be silent; a broker must be told to allow so little."""
SHORT_SESSIONS = "group.min.session.timeout.ms=1000\nbroker.session.timeout.ms=6000\n"
_PAUSES = {"session_s": SESSION_S, "pause_s": 0.04}
_PER_KILL = {
    "enrich": 60,
    "stories": 50,
    "topics": 30,
    "trends": 150,
    "influencers": 100,
    "market": 120,
    "alerts": 200,
}
"""Records of its input, or what becomes them, that a case has for each kill."""
_ROUNDS = 6
"""Portions of the shorter plans."""

_STOP_S = 60
"""How long a worker may take to stop: other tests say how quickly it must, on cores that are not as busy."""
_AT_ONCE = 4
"""Trials side by side: they spend their time waiting for sessions to expire."""

Plan = Callable[[str, Path, Case], Outcome]
"""Bootstrap servers, a folder for logs, and what the stage is told."""


def kills(bootstrap: str, folder: Path, case: Case, number: int) -> Outcome:
    """So many kill -9s of one of two workers, in turn, at random points between the durable steps."""
    with StageTrial(bootstrap, folder, case, number, **_PAUSES, hold_s=0.1) as trial:
        trial.start()
        trial.start()
        for at in range(number):
            portion = trial.tell()
            trial.progress(random.randint(1, max(1, portion // 2)))
            trial.strike(lambda at=at: trial.kill(at % 2))  # type: ignore[misc]  # the default binds it
        return trial.outcome()


def freezes(bootstrap: str, folder: Path, case: Case) -> Outcome:
    """Freeze a worker that is about to commit, for longer than its session, until another has its partitions; then let it go on."""
    # A transaction that timed out while its owner was frozen would hide that nobody has fenced it.
    with StageTrial(bootstrap, folder, case, _ROUNDS, session_s=SESSION_S, transaction_s=60) as trial:
        trial.start()
        trial.start()
        for at in range(_ROUNDS):
            trial.joined()
            # Who has the only partition is not known.
            whom = (at % 2,) if trial.partitions > 1 else (0, 1)
            if trial.partitions > 1:
                trial.shared_out()
            trial.tell()
            trial.strike(lambda whom=whom: trial.freeze_until_replaced(*whom))  # type: ignore[misc]  # as above
        return trial.outcome()


def rebalances(bootstrap: str, folder: Path, case: Case) -> Outcome:
    """One worker, then three, then two, then one again, while there is work."""
    with StageTrial(bootstrap, folder, case, _ROUNDS, **_PAUSES) as trial:
        trial.start()
        for _ in range(_ROUNDS // 3):
            for change in (
                lambda: (trial.start(), trial.start()),
                lambda: _ends(trial),
                lambda: _ends(trial),
            ):
                trial.tell()
                trial.progress(5)
                trial.strike(change)
                trial.joined()
        return trial.outcome()


def terms(bootstrap: str, folder: Path, case: Case) -> Outcome:
    """Stop and start one worker after the other, as an upgrade does."""
    with StageTrial(bootstrap, folder, case, _ROUNDS, **_PAUSES) as trial:
        trial.start()
        trial.start()
        for at in range(_ROUNDS):
            trial.joined()
            trial.tell()
            trial.progress(5)
            trial.strike(lambda at=at: _replaced(trial, at % 2))  # type: ignore[misc]  # as above
        return trial.outcome()


def _ends(trial: StageTrial) -> None:
    assert trial.dismiss(0, _STOP_S) == 0


def _replaced(trial: StageTrial, position: int) -> None:
    assert trial.stop(position, _STOP_S) == 0
    trial.start(position)


PLANS: Mapping[str, Plan] = {"freezes": freezes, "rebalances": rebalances, "terms": terms}


def broker_kills(
    broker: OwnBroker, folder: Path, cases: Iterable[Case], rounds: int = 3
) -> dict[str, Outcome]:
    """Kill -9 the broker in the middle of transactions of all stages; workers come through it or are restarted."""
    trials = [StageTrial(broker.bootstrap, folder, case, rounds, **_PAUSES) for case in cases]
    try:
        for trial in trials:
            trial.start()
            trial.start()
        for _ in range(rounds):
            for trial in trials:
                trial.tell()
                trial.progress(5)
                trial.strike(lambda: None)
            broker.kill()
            broker.start(240)
        return {trial.case.stage: trial.outcome() for trial in trials}
    finally:
        for trial in trials:
            trial.__exit__(None, None, None)


Outcomes = dict[tuple[str, str], Future[Outcome]]
"""By stage and plan."""


def run(broker: OwnBroker, folder: Path, stages: Iterable[str], number: int) -> Outcomes:
    """All plans on all these stages with so many kills each."""
    cases = {stage: CASES[stage](_PER_KILL[stage] * number) for stage in stages}
    found: Outcomes = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for stage, case in cases.items():
            found[stage, "kills"] = pool.submit(kills, broker.bootstrap, folder, case, number)
        for name, plan in PLANS.items():
            for stage, case in cases.items():
                found[stage, name] = pool.submit(plan, broker.bootstrap, folder, case)
    # Alone: it strikes all.
    together: Future[dict[str, Outcome]] = Future()
    try:
        together.set_result(broker_kills(broker, folder, cases.values()))
    except Exception as error:  # noqa: BLE001 -- each stage's outcome raises it
        together.set_exception(error)
    for stage in cases:
        found[stage, "broker_kills"] = _of(together, stage)
    return found


def _of(together: "Future[dict[str, Outcome]]", stage: str) -> "Future[Outcome]":
    one: Future[Outcome] = Future()
    error = together.exception()
    if error is None:
        one.set_result(together.result()[stage])
    else:
        one.set_exception(error)
    return one


def main(argv: list[str]) -> int:
    """Run every plan on the stages named (or all); 1 if anything was not exact."""
    parser = argparse.ArgumentParser(prog="tests.chaos.stages", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--kills", type=int, default=50)
    chosen = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="stages-"))
    broker = OwnBroker(folder, more=SHORT_SESSIONS)
    broker.start()
    exact = True
    try:
        with rooms.preloading():
            outcomes = run(broker, folder, chosen.stages or CASES, chosen.kills)
        for (stage, plan), future in outcomes.items():
            outcome: Any = future.exception() or future.result()
            good = isinstance(outcome, Outcome) and outcome.exact
            exact = exact and good
            print(f"{stage:12} {plan:12} {'exact' if good else 'NOT EXACT'} {outcome}", flush=True)
    finally:
        broker.stop()
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
