"""Makes a stack's Kafka ready for the others: its topics, their schemas, and what is seeded into them. Run as a program it does so.

It is a process of its own because librdkafka's admin client, which creates topics, can bring its process down (see
`deploy.progress`), and the supervisor must not go down with it.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.control import ControlTopic, read_seeds, seed_once
from deploy.registration import register
from deploy.seeds import SEEDS
from deploy.settings import DeploySettings
from deploy.tether import tethered
from deploy.topics import ensure_topics
from schemas import logs
from schemas.access import check_access
from schemas.errors import DenyutError, Retryable
from schemas.registry import events, load_schema
from schemas.settings import KafkaSettings, load
from schemas.topics import TOPICS

_TIMEOUT_S = 90

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Preparation:
    """What must be there; `done` is the file that remembers that it is, `seeds` names a file by topic."""

    settings: KafkaSettings
    done: Path
    seeds: Mapping[str, Path]

    def ensure(self) -> None:
        """Prepare, unless the same was done before; raises Retryable where it failed."""
        wanted = self._wanted()
        if self.done.exists() and self.done.read_text(encoding="utf-8") == wanted:
            return
        # The environment of this process and what the other one must know on top.
        environment = {
            **os.environ,  # noqa: TID251 -- passed on, not read
            "DENYUT_KAFKA": self.settings.kafka,
            "DENYUT_KAFKA_SECURITY": self.settings.kafka_security,
            "DENYUT_TOPIC_PREFIX": self.settings.topic_prefix,
            "DENYUT_PARTITIONS": str(self.settings.partitions),
        }
        files = [f"{name}={path}" for name, path in self.seeds.items()]
        command = [sys.executable, "-m", "deploy.prepare", str(self.done.parent), *files]
        try:
            status = subprocess.run(
                tethered(command), env=environment, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            raise Retryable(f"topics were not prepared within {_TIMEOUT_S} s") from None
        if status != 0:
            raise Retryable(f"topics were not prepared (status {status})")
        self.done.write_text(wanted, encoding="utf-8")

    def _wanted(self) -> str:
        """One text for all that decides what is prepared."""
        topics = {
            name: (topic.partitions(self.settings.partitions), topic.config())
            for name, topic in TOPICS.items()
        }
        seeds = {name: path.read_text(encoding="utf-8") for name, path in self.seeds.items() if path.exists()}
        registry = self.settings.schema_registry_url
        registered = (registry, {event: load_schema(event) for event in events()}) if registry else ()
        whole = json.dumps([self.settings.topic_prefix, topics, seeds, registered], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def main(folder: Path, files: Mapping[str, Path]) -> int:
    """Create topics, register schemas, and seed by topic what the files hold, each where missing; the exit status.

    `folder` remembers what was seeded before.
    """
    settings = load(KafkaSettings)
    logs.configure("deploy", settings)
    try:
        check_access(settings)
        created = ensure_topics(settings)
        if created:
            log.info("topics_created", topics=len(created))
        if settings.schema_registry_url is not None:
            new = [one.subject for one in register(settings) if one.new]
            log.info("schemas_registered", registry=settings.schema_registry_url, new=len(new))
        now = int(time.time() * 1000)
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in files.items():
            if path.exists():
                seeds = read_seeds(path, name, SEEDS[name])
                seeded = seed_once(ControlTopic(settings, name), seeds, folder / f"{name}.seeded", now)
                if seeded:
                    log.info("seeded", topic=name, records=len(seeded))
    except DenyutError as error:
        log.error("not_prepared", error=str(error))  # noqa: TRY400 -- a decision, not a crash
        return 1
    return 0


def _files(arguments: Sequence[str]) -> dict[str, Path]:
    """`TOPIC=PATH` each; those that the settings name where none is given."""
    if not arguments:
        return load(DeploySettings).seed_files()
    pairs = (argument.partition("=") for argument in arguments)
    return {name: Path(path) for name, _, path in pairs}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), _files(sys.argv[2:])))
