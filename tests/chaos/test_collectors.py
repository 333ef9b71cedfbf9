"""All collectors at once, the short form: every fault met by each, the runner killed three times, every item one mention."""

from pathlib import Path

import pytest

from tests.chaos.collectors import each_fault_once
from tests.support.broker import Broker
from tests.support.gathered import OUTCOMES
from tests.support.gathering import Gathering
from tests.support.quick_bundle import quick_bundle
from tests.support.spoiling import QUICK

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.slow]


@pytest.mark.timeout(900)
def test_every_item_is_one_mention_and_every_fault_is_told_of(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    with Gathering(kafka.bootstrap, tmp_path, 1, prefix, sentiment_bundle=quick_bundle()) as trial:
        each_fault_once(trial, kills=3)
        verdict = trial.verdict()
    assert verdict.exact, verdict
    assert verdict.kills == 3
    assert set(verdict.told) == set(QUICK)
    assert {"ok", "empty", "error", *OUTCOMES.values()} - {"auth"} <= set(verdict.outcomes)
