"""What the contract tests share."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.compose_file import PROGRAM


@pytest.fixture(scope="session")
def compose_go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that loads a compose file as Docker Compose does; skips where it cannot be built."""
    if shutil.which("go") is None:
        pytest.skip("no Go: docker-compose.yml is not loaded by compose-go")
    program = tmp_path_factory.mktemp("compose") / "compose"
    done = subprocess.run(
        ["go", "build", "-o", str(program), "."],
        cwd=PROGRAM,
        env={**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=580,
    )
    if "dial tcp" in done.stderr or "no such host" in done.stderr:
        pytest.skip(f"compose-go cannot be fetched: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return program
