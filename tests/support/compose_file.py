"""docker-compose.yml and what belongs to it, read as data."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no type information

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PROGRAM = Path(__file__).with_name("compose")


@cache
def services() -> Mapping[str, Mapping[str, Any]]:
    """The services as written, anchors merged, nothing interpolated."""
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def own_services() -> dict[str, list[str]]:
    """Service to its command, of those that run our image."""
    return {name: service["command"] for name, service in services().items() if "build" in service}


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
        timeout=280,
    )
    if "dial tcp" in done.stderr or "no such host" in done.stderr:
        pytest.skip(f"compose-go cannot be fetched: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return program


def load(program: Path, path: Path, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Load a compose file with these variables; its project as JSON on standard output."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run(
        [str(program), str(path)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
