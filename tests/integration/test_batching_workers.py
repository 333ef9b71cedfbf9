"""Workers as processes: a rolling restart is exact and clean, and one that stands still ends itself."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.chaos.lanes import terms
from tests.support.broker import Broker
from tests.support.lane_trial import Trial

pytestmark = pytest.mark.kafka


def test_a_rolling_restart_of_two_workers_is_exact(kafka: Broker, tmp_path: Path) -> None:
    verdict = terms(kafka.bootstrap, tmp_path, 2)
    assert verdict.records > 0
    assert verdict.exact, verdict


def test_a_handler_that_hangs_ends_its_worker(kafka: Broker, tmp_path: Path) -> None:
    with Trial(kafka.bootstrap, tmp_path, hang=True, watchdog_s=1.0) as trial:
        trial.fill(10)
        worker = trial.start()
        assert worker.wait(120) == 1
        assert "no progress for 1 s" in next(tmp_path.glob("*.log")).read_text()
        assert sum(trial.offsets.committed().values()) == 0


def test_a_worker_without_partitions_stays_only_while_the_group_gets_on(
    kafka: Broker, tmp_path: Path
) -> None:
    with Trial(kafka.bootstrap, tmp_path, partitions=1, watchdog_s=3.0) as trial:
        trial.start()
        trial.shared_out()
        spare = trial.start()
        trial.fill(20)
        trial.finish()
        with pytest.raises(subprocess.TimeoutExpired):
            spare.wait(6)
        trial.freeze(0)
        trial.fill(20)
        assert spare.wait(120) == 1
        assert "without partitions" in next(tmp_path.glob("*.log")).read_text()


def test_a_worker_without_input_stops_at_once(kafka: Broker, tmp_path: Path) -> None:
    with Trial(kafka.bootstrap, tmp_path) as trial:
        trial.start()
        trial.shared_out()
        started = time.monotonic()
        assert trial.stop(0) == 0
        assert time.monotonic() - started < 20
