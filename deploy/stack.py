"""The embedded stack as a process table: what runs, with which environment, in which order."""

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from deploy.environment import addresses, kafka_at, owners, reader, reader_of, writer
from deploy.folder import DataFolder
from deploy.kafka import Kafka
from deploy.places import HOST, clickhouse_address, kafka_address
from deploy.prepare import Preparation
from deploy.probes import KafkaProbe, http_answers
from deploy.process import Process
from deploy.settings import DeploySettings
from deploy.sql import Reader
from schemas.flow import FLOW, Step
from schemas.settings import KafkaSettings

TOPICS_READY = "topics"
"""The process that prepares a Kafka that exists; the embedded one is prepared before it counts as ready."""


@dataclass(frozen=True)
class Stack:
    """One embedded stack: where it keeps its data, how it is told apart, where it is reached."""

    settings: DeploySettings
    folder: DataFolder
    ports: Mapping[str, int]
    embedded: frozenset[str]
    """Which of `kafka` and `clickhouse` it runs itself."""

    @property
    def kafka(self) -> Kafka:
        """The embedded broker."""
        return Kafka(
            self.settings.kafka_lib,
            self.folder.root / "kafka",
            self.ports["kafka"],
            self.ports["kafka_controller"],
            self.settings.partitions,
            self.settings.kafka_heap_mb,
            self.settings.kafka_compiler,
        )

    @property
    def clickhouse_url(self) -> str:
        """Where ClickHouse speaks HTTP."""
        if "clickhouse" in self.embedded:
            return clickhouse_address(self.ports["clickhouse"])
        return self.settings.clickhouse_url

    @property
    def api_url(self) -> str:
        """Where API and page are."""
        return f"http://{HOST}:{self.ports['api']}"

    @property
    def kafka_settings(self) -> KafkaSettings:
        """How to reach its Kafka."""
        own = "kafka" in self.embedded
        bootstrap = kafka_address(self.ports["kafka"]) if own else self.settings.kafka
        return kafka_at(self.settings, bootstrap, self.embedded)

    @cached_property
    def probe(self) -> KafkaProbe:
        """Asks its Kafka."""
        return KafkaProbe(self.kafka_settings)

    @property
    def clickhouse_reader(self) -> Reader:
        """ClickHouse's reader."""
        database = self.settings.clickhouse_database
        return reader_of(self.folder, self.settings, self.embedded, self.clickhouse_url, database)

    def processes(self) -> list[Process]:
        """The table, in the order of starting."""
        stages = [step for step in FLOW if step.kind == "stage"]
        sinks = [step for step in FLOW if step.kind == "sink"]
        table = [self._kafka() if "kafka" in self.embedded else self._topics()]
        if "clickhouse" in self.embedded:
            table.append(self._clickhouse())
        for step in stages:
            table += [self._stage(step, number) for number in range(1, self._workers(step) + 1)]
        table += [self._sink(step) for step in sinks]
        table.append(self._api())
        if self.settings.collectors:
            table.append(self.producer("collectors", ["run", *self.settings.collectors]))
        return table

    def producer(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        after: Sequence[str] = (),
        once: bool = False,
        then: Callable[[], None] | None = None,
    ) -> Process:
        """A process of the producers' room; it starts once everything that follows a post is ready."""
        sinks = [_sink_name(step) for step in FLOW if step.kind == "sink"]
        return Process(
            name,
            (sys.executable, "-m", "producers", *arguments),
            self._common(name),
            after=(*self._places("kafka"), *self._names_of_stages(), *sinks, *after),
            once=once,
            then=then,
        )

    def _names_of_stages(self) -> list[str]:
        return [
            _stage_name(step, number)
            for step in FLOW
            if step.kind == "stage"
            for number in range(1, self._workers(step) + 1)
        ]

    def _workers(self, step: Step) -> int:
        """How many processes of a stage run: more than one where there is more than one partition to share out."""
        return 1 if step.partitions(self.settings.partitions) == 1 else self.settings.workers

    def _places(self, *parts: str) -> tuple[str, ...]:
        """The processes to wait for where these parts are needed."""
        names = {"kafka": "kafka" if "kafka" in self.embedded else TOPICS_READY}
        return tuple(names.get(part, part) for part in parts if part in self.embedded or part in names)

    def _topics(self) -> Process:
        # What was seeded is remembered per Kafka: another one has nothing of it.
        mark = hashlib.sha256(self.settings.kafka.encode()).hexdigest()[:12]
        files = [f"{name}={path}" for name, path in self.settings.seed_files().items()]
        remembered = self.folder.root / f"kafka-{mark}"
        return Process(
            TOPICS_READY,
            (sys.executable, "-m", "deploy.prepare", str(remembered), *files),
            self._common(TOPICS_READY),
            once=True,
        )

    def _kafka(self) -> Process:
        kafka = self.kafka
        preparation = Preparation(
            self.kafka_settings, self.folder.root / "prepared", self.settings.seed_files()
        )
        return Process(
            "kafka",
            tuple(kafka.command()),
            ready=self.probe.answers,
            then=preparation.ensure,
            stop_s=20,
        )

    def _clickhouse(self) -> Process:
        return Process(
            "clickhouse",
            (sys.executable, "-m", "deploy.clickhouse"),
            {
                **self._common("clickhouse"),
                **writer(self.folder, self.settings, self.embedded),
                **reader(self.folder, self.settings, self.embedded),
                **owners(self.folder, self.settings, self.embedded),
                "DENYUT_CLICKHOUSE_HOST": HOST,
                "DENYUT_CLICKHOUSE_PORT": str(self.ports["clickhouse"]),
            },
            ready=lambda: http_answers(f"{self.clickhouse_url}/ping"),
            stop_s=20,
        )

    def _stage(self, step: Step, number: int) -> Process:
        name = _stage_name(step, number)
        workers = min(self._workers(step), self.settings.partitions)
        return Process(
            name,
            (sys.executable, "-m", "processors", step.name),
            self._common(name),
            after=self._places("kafka"),
            ready=lambda: self._joined(step, workers),
            step=step.name,
        )

    def _sink(self, step: Step) -> Process:
        name = _sink_name(step)
        return Process(
            name,
            (sys.executable, "-m", "sinks", step.name),
            {**self._common(name), **writer(self.folder, self.settings, self.embedded)},
            after=self._places("kafka", "clickhouse"),
            ready=lambda: self._joined(step, 1),
            step=step.name,
        )

    def _joined(self, step: Step, members: int) -> bool:
        return self.probe.has_members(step.group(self.settings.topic_prefix), members)

    def _api(self) -> Process:
        return Process(
            "api",
            (sys.executable, "-m", "api"),
            {
                **self._common("api"),
                **reader(self.folder, self.settings, self.embedded),
                **owners(self.folder, self.settings, self.embedded),
                "DENYUT_API_HOST": HOST,
                "DENYUT_API_PORT": str(self.ports["api"]),
            },
            after=self._places("kafka", "clickhouse"),
            ready=lambda: http_answers(self.api_url),
        )

    def _common(self, name: str) -> dict[str, str]:
        return {
            "DENYUT_DATA_DIR": str(self.folder.root / name),
            # One port for all of them, were it in the environment; what can be asked here is the api.
            "DENYUT_METRICS_PORT": "0",
            **addresses(self.kafka_settings, self.clickhouse_url, self.settings.clickhouse_database),
        }


def _stage_name(step: Step, number: int) -> str:
    return f"{step.name}-{number}"


def _sink_name(step: Step) -> str:
    """Told apart from ClickHouse itself, which is a process of the same name as its sink."""
    return f"sink-{step.name}"
