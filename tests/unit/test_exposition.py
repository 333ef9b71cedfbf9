"""Metrics are served where the settings say so, and their thread takes no signal of the process."""

import signal
import subprocess
import sys

import pytest

from schemas.errors import Fatal
from schemas.exposition import expose
from schemas.settings import MetricsSettings
from tests.support.metrics import Scraped
from tests.support.ports import free_port

SIGNALLED = """
import os, signal, threading
from schemas.exposition import expose
from schemas.settings import MetricsSettings

expose(MetricsSettings())
# As the sink does: blocked in every thread of its own, taken by sigwait.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
for _ in range(50):
    os.kill(os.getpid(), signal.SIGTERM)
    assert signal.sigwait({signal.SIGTERM}) == signal.SIGTERM
print("alive")
"""


def test_metrics_are_off_by_default() -> None:
    assert expose(MetricsSettings()) == 0


def test_what_the_process_counts_is_served() -> None:
    port = free_port()
    assert expose(MetricsSettings(metrics_port=port)) == port
    assert Scraped(port).total("process_start_time_seconds") > 0
    with pytest.raises(Fatal, match=f"{port}.*DENYUT_METRICS_PORT"):
        expose(MetricsSettings(metrics_port=port))


def test_the_thread_takes_no_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENYUT_METRICS_PORT", str(free_port()))
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_the_mask_of_the_caller_stays_as_it_was() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    expose(MetricsSettings(metrics_port=free_port()))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
