"""The command line: what is missing or in the way is named in one line, with what to do."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.folder import DataFolder
from tests.support import rooms


def deploy(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")}
    return rooms.run(["deploy", *words], {**kept, **environment})


def test_what_needs_a_running_stack_says_so(tmp_path: Path) -> None:
    for words in (["status"], ["status", "--json"], ["wait"], ["sql", "SELECT 1"], ["env"]):
        done = deploy(*words, "--data", str(tmp_path))
        assert done.returncode == 1
        assert done.stderr == f"denyut: no stack runs in {tmp_path}: start one with `python -m deploy up`\n"
        assert done.stdout == ""


def test_nothing_to_stop_is_no_error(tmp_path: Path) -> None:
    done = deploy("down", "--data", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (0, f"nothing ran in {tmp_path}/none\n")


@pytest.mark.parametrize("words", [["up"], ["up", "--detach"], ["demo"]])
@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PATH": "/nonexistent"}, "Java is missing"),
        ({"DENYUT_DISK_FREE_MB": "1000000000"}, "disk nearly full"),
        ({"DENYUT_WORKERS": "none"}, "setting DENYUT_WORKERS"),
    ],
)
def test_what_keeps_a_stack_from_starting_is_named(
    tmp_path: Path, words: list[str], environment: dict[str, str], named: str
) -> None:
    done = deploy(*words, "--data", str(tmp_path), **environment)
    assert done.returncode == 1
    assert done.stderr.startswith("denyut: ")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert DataFolder(tmp_path).state() is None


def test_a_missing_maven_is_named_where_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    (tmp_path / "java").chmod(0o755)
    done = deploy(
        "up", "--data", str(tmp_path / "data"), PATH=str(tmp_path), DENYUT_KAFKA_LIB=str(tmp_path / "lib")
    )
    assert done.returncode == 1
    assert "denyut: Maven is missing" in done.stderr


def test_an_old_java_is_named(tmp_path: Path) -> None:
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    (tmp_path / "java").chmod(0o755)
    done = deploy("up", "--data", str(tmp_path / "data"), PATH=str(tmp_path))
    assert done.returncode == 1
    assert "is Java 11: install a JRE of Java 17 or newer" in done.stderr


def test_a_folder_in_use_is_named_by_every_start(tmp_path: Path) -> None:
    with DataFolder(tmp_path).held():
        for words in (["up"], ["up", "--detach"], ["demo"]):
            done = deploy(*words, "--data", str(tmp_path))
            assert done.returncode == 1
            assert f"in use by process {os.getpid()}" in done.stderr


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    done = deploy("doctor", "--data", str(tmp_path))
    assert done.returncode == 0, done.stdout
    for what in ("java", "kafka", "python", "disk", "ports", "data folder"):
        assert f"ok   {what}: " in done.stdout
    sick = deploy(
        "doctor", "--data", str(tmp_path), PATH="/nonexistent", DENYUT_KAFKA_LIB=str(tmp_path / "lib")
    )
    assert sick.returncode == 1
    assert "BAD  java: Java is missing: Apache Kafka needs Java 17 or newer; install a JRE" in sick.stdout
    assert "BAD  kafka: Maven is missing" in sick.stdout
    assert "ok   python: " in sick.stdout
