"""Lanes count exactly once whatever happens to their workers, and these trials notice when they do not."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.chaos.lanes import MUTATIONS, errors, freezes, kills
from tests.support.broker import Broker
from tests.support.lane_trial import Verdict

pytestmark = [pytest.mark.chaos, pytest.mark.kafka]

Trials = dict[str, Future[Verdict]]


@pytest.fixture(scope="module")
def trials(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    """All trials, three at once: they spend their time waiting for sessions to expire."""
    folder = tmp_path_factory.mktemp("lanes")
    with ThreadPoolExecutor(3) as pool:
        return {
            "kills": pool.submit(kills, kafka.bootstrap, folder, 4),
            "freezes": pool.submit(freezes, kafka.bootstrap, folder, 2),
            "errors": pool.submit(errors, kafka.bootstrap, folder, 1),
        }


@pytest.fixture(scope="module")
def planted(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    """Trials of lanes with bugs."""
    folder = tmp_path_factory.mktemp("planted")
    with ThreadPoolExecutor(3) as pool:
        return {bug: pool.submit(freezes, kafka.bootstrap, folder, 1, bug) for bug in MUTATIONS}


@pytest.mark.parametrize("plan", ["kills", "freezes", "errors"])
def test_nothing_is_lost_or_doubled(trials: Trials, plan: str) -> None:
    verdict = trials[plan].result()
    assert verdict.records > 0
    assert verdict.exact, verdict


@pytest.mark.slow
@pytest.mark.parametrize("bug", MUTATIONS)
def test_a_planted_bug_is_noticed(planted: Trials, bug: str) -> None:
    verdict = planted[bug].result()
    assert not verdict.exact
    # Recovery that reads aborted rows counts them twice; a former owner that nobody has fenced commits beside the new one.
    assert verdict.wrong_counts if bug == "uncommitted" else verdict.twice
