"""docker-compose.yml and what belongs to it, read as data."""

import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

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
