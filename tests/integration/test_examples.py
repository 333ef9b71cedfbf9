"""The examples of the documentation and `api watch`: each prints every mention once, through a restart of the api."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher, mention
from tests.support.tokens import SETTINGS, token
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "deploy" / "docs" / "examples"


@contextmanager
def running(command: list[str], output: Path, secret: str) -> Iterator[Path]:
    """A client in a group of its own; what it prints goes to a file."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DENYUT_TOKEN": secret,
        "DENYUT_WATCH_TOKEN": secret,
    }
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, start_new_session=True)
    try:
        yield output
        assert process.poll() is None, output.with_suffix(".err").read_text()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_each_prints_every_mention_once_through_a_restart(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    assert curl is not None, "curl is part of what the examples need"
    create_topics(kafka.bootstrap, prefix, LIVE)
    publisher = Publisher(kafka.bootstrap, prefix)
    settings = {**SETTINGS, "stream_heartbeat_s": 0.5, "stream_retry_ms": 100}
    api = Api(kafka.bootstrap, prefix, tmp_path / "api.log", **settings).start()
    commands = {
        "python": [sys.executable, str(EXAMPLES / "stream.py"), api.url],
        "curl": ["sh", str(EXAMPLES / "stream.sh"), api.url],
        "watch": [sys.executable, "-m", "api", "watch", "--url", api.url, "--json"],
    }
    secret = token(scope="read:mentions")
    try:
        with ExitStack() as clients:
            outputs = {
                name: clients.enter_context(running(command, tmp_path / f"{name}.out", secret))
                for name, command in commands.items()
            }
            open_now = f"denyut_stream_connections {len(commands)}.0"
            until(lambda: open_now in api.get("/metrics").text, "all clients listen")
            publisher.publish(*[mention(number) for number in range(10)])
            for name, output in outputs.items():
                until(lambda o=output: _seen(o) >= set(range(10)), f"{name} prints them")  # type: ignore[misc]  # bound now
            until(lambda: api.get("/metrics").text.count(open_now) == 1, "they still listen")
            api.kill()
            publisher.publish(*[mention(number) for number in range(10, 20)])
            api.start()
            publisher.publish(*[mention(number) for number in range(20, 30)])
            for name, output in outputs.items():
                until(lambda o=output: _seen(o) >= set(range(30)), f"{name} goes on")  # type: ignore[misc]  # bound now
    finally:
        api.stop()
    for name, output in outputs.items():
        text = output.read_text()
        assert all(_times(text, number) == 1 for number in range(30)), f"{name}: {text[-2000:]}"
        assert "missing" not in output.with_suffix(".err").read_text()
        assert secret not in text + output.with_suffix(".err").read_text()


def _seen(output: Path) -> set[int]:
    text = output.read_text()
    return {number for number in range(30) if _times(text, number)}


def _times(text: str, number: int) -> int:
    """How often a mention's id was printed, alone or in its JSON."""
    return sum(line == f"x:{number}" or f'"id":"x:{number}"' in line for line in text.splitlines())
