"""What stages publish is what an undisturbed run publishes, once, whatever happens to their workers and their broker."""

import pytest

from tests.chaos.stages import PLANS, SHORT_SESSIONS, Outcomes, run
from tests.support.broker import OwnBroker
from tests.support.stage_cases import CASES

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(2_400)]

KILLS = 50
SOME = 0.8
"""The share of blows that must have met a stage at work."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All plans on all stages, at a broker of their own: it is killed, too."""
    folder = tmp_path_factory.mktemp("stages")
    broker = OwnBroker(folder, more=SHORT_SESSIONS)
    broker.start()
    try:
        return run(broker, folder, CASES, KILLS)
    finally:
        broker.stop()


@pytest.mark.parametrize("plan", ["kills", *PLANS, "broker_kills"])
@pytest.mark.parametrize("stage", CASES)
def test_outputs_are_those_of_an_undisturbed_run(outcomes: Outcomes, stage: str, plan: str) -> None:
    outcome = outcomes[stage, plan].result()
    assert outcome.exact, outcome
    assert outcome.strikes - outcome.idle >= SOME * outcome.strikes, outcome
