"""Starts each contender of the counting job and measures it."""

import dataclasses
import json
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.codec import plain_times
from schemas.registry import load_schema
from tests.bench._counting import Job
from tests.bench._measuring import Taken, measured
from tests.support.kafka_reading import Offsets
from tests.support.rooms import ROOT
from tests.support.topics import make_topics

QUIX = "quixstreams==3.28.1"
_QUIX_NEEDS = (QUIX, "fastavro==1.13.1")
_VENV = ROOT / "build" / "quix-venv"
_PARTITIONS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Contender:
    """One way of doing the job: the module that does it, and by what it is seen how far it is."""

    name: str
    module: str
    python: str = sys.executable
    variant: str = ""
    commits: bool = True
    """Whether it commits so often that its offsets tell how far it is; otherwise its outputs do."""


def contenders() -> tuple[list[Contender], str]:
    """All that can run here, and why the rest cannot (empty: all can)."""
    found = [
        Contender("denyut", "tests.bench._counting_lanes"),
        Contender("denyut@per_batch", "tests.bench._counting_lanes", variant="per_batch"),
        Contender("faust_agent", "tests.bench._counting_agent", commits=False),
        Contender("bare_aiokafka", "tests.bench._counting_bare"),
    ]
    try:
        python = _quix()
    except (OSError, subprocess.CalledProcessError) as error:
        detail = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        return found, f"quix is left out: {QUIX} could not be installed: {str(detail).strip()[-300:]}"
    module = "tests.bench._counting_quix"
    found += [
        Contender("quix", module, python, commits=False),
        Contender("quix@exactly_once", module, python, "exactly_once", commits=False),
    ]
    return found, ""


def _quix() -> str:
    """The interpreter of an environment that has Quix Streams; it is made at the first call."""
    python = _VENV / "bin" / "python"
    done = _VENV / QUIX
    if done.exists():
        return str(python)
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", str(_VENV)],
        [
            str(Path(sys.executable).parent / "uv"),
            "pip",
            "install",
            "-q",
            "--no-config",
            "--python",
            str(python),
            *_QUIX_NEEDS,
        ],
    ):
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
    done.touch()
    return str(python)


def run(one: Contender, bootstrap: str, folder: Path, source: str, events: int) -> Taken:
    """Let the contender count the first `events` of the source, all that is there or fewer."""
    name = f"{one.name.replace('@', '-')}-{uuid.uuid4().hex[:6]}"
    kept = folder / name
    kept.mkdir()
    job = Job(bootstrap, source, f"{name}.out", name, str(kept), _schema(), one.variant, _PARTITIONS)
    make_topics(bootstrap, job.out, partitions=_PARTITIONS)
    offsets = Offsets(bootstrap, job.group, source, _PARTITIONS)
    outputs = Offsets(bootstrap, job.group, job.out, _PARTITIONS)
    with (folder / f"{name}.log").open("wb") as log:
        command = [one.python, "-m", one.module, json.dumps(dataclasses.asdict(job))]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:

        def committed() -> int:
            if process.poll() is not None:
                raise RuntimeError(f"{one.name} ended: {Path(log.name).read_text()[-2000:]}")
            return sum(offsets.committed().values())

        def told() -> int:
            committed()
            return sum(outputs.ends().values())

        return measured(
            process.pid,
            committed if one.commits else told,
            events,
            warm=events // 20,
            # What is done but not committed is not done.
            settled=lambda: committed() >= events,
        )
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        offsets.close()
        outputs.close()


def _schema() -> Mapping[str, Any]:
    schema: Mapping[str, Any] = plain_times(load_schema("partial"))
    return schema


def named(contenders: Sequence[Contender], only: Sequence[str]) -> list[Contender]:
    """Those of these names, or all."""
    return [one for one in contenders if not only or one.name in only]
