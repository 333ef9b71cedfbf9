"""The embedded stack as a process table: what runs, with which environment, in which order."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from deploy.environment import EMBEDDED, addresses, reader, reader_of, writer
from deploy.folder import DataFolder
from deploy.kafka import Kafka
from deploy.prepare import Preparation
from deploy.probes import KafkaProbe, http_answers
from deploy.process import Process
from deploy.settings import DeploySettings
from deploy.sql import Reader
from schemas.flow import FLOW, Step
from schemas.settings import KafkaSettings

HOST = "127.0.0.1"
PORTS = ("kafka", "kafka_controller", "clickhouse", "api")


@dataclass(frozen=True, slots=True)
class Stack:
    """One embedded stack: where it keeps its data, how it is told apart, where it is reached."""

    settings: DeploySettings
    folder: DataFolder
    ports: Mapping[str, int]
    probe: KafkaProbe

    @property
    def kafka(self) -> Kafka:
        """The broker."""
        return Kafka(
            self.settings.kafka_lib,
            self.folder.root / "kafka",
            self.ports["kafka"],
            self.ports["kafka_controller"],
            self.settings.partitions,
            self.settings.kafka_heap_mb,
        )

    @property
    def clickhouse_url(self) -> str:
        """Where ClickHouse speaks HTTP."""
        return f"http://{HOST}:{self.ports['clickhouse']}"

    @property
    def api_url(self) -> str:
        """Where API and page are."""
        return f"http://{HOST}:{self.ports['api']}"

    @property
    def kafka_settings(self) -> KafkaSettings:
        """How to reach its Kafka."""
        return self.settings.model_copy(update={**EMBEDDED, "kafka": self.kafka.bootstrap})

    @property
    def clickhouse_reader(self) -> Reader:
        """ClickHouse's reader."""
        return reader_of(self.folder, self.clickhouse_url, self.settings.clickhouse_database)

    def processes(self) -> list[Process]:
        """The table, in the order of starting."""
        stages = [step for step in FLOW if step.kind == "stage"]
        sinks = [step for step in FLOW if step.kind == "sink"]
        table = [self._kafka(), self._clickhouse()]
        for step in stages:
            table += [self._stage(step, number) for number in range(1, self.settings.workers + 1)]
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
            after=("kafka", *self._names_of_stages(), *sinks, *after),
            once=once,
            then=then,
        )

    def _names_of_stages(self) -> list[str]:
        return [
            _stage_name(step, number)
            for step in FLOW
            if step.kind == "stage"
            for number in range(1, self.settings.workers + 1)
        ]

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
                **writer(self.folder),
                **reader(self.folder),
                "DENYUT_CLICKHOUSE_HOST": HOST,
                "DENYUT_CLICKHOUSE_PORT": str(self.ports["clickhouse"]),
            },
            ready=lambda: http_answers(f"{self.clickhouse_url}/ping"),
            stop_s=20,
        )

    def _stage(self, step: Step, number: int) -> Process:
        name = _stage_name(step, number)
        workers = min(self.settings.workers, self.settings.partitions)
        return Process(
            name,
            (sys.executable, "-m", "processors", step.name),
            self._common(name),
            after=("kafka",),
            ready=lambda: self._joined(step, workers),
            step=step.name,
        )

    def _sink(self, step: Step) -> Process:
        name = _sink_name(step)
        return Process(
            name,
            (sys.executable, "-m", "sinks", step.name),
            {**self._common(name), **writer(self.folder)},
            after=("kafka", "clickhouse"),
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
                **reader(self.folder),
                "DENYUT_API_HOST": HOST,
                "DENYUT_API_PORT": str(self.ports["api"]),
            },
            after=("kafka", "clickhouse"),
            ready=lambda: http_answers(self.api_url),
        )

    def _common(self, name: str) -> dict[str, str]:
        return {
            "DENYUT_DATA_DIR": str(self.folder.root / name),
            # One port for all of them, were it in the environment; what can be asked here is the api.
            "DENYUT_METRICS_PORT": "0",
            **addresses(
                self.kafka.bootstrap,
                self.settings.topic_prefix,
                self.settings.partitions,
                self.clickhouse_url,
                self.settings.clickhouse_database,
            ),
        }


def _stage_name(step: Step, number: int) -> str:
    return f"{step.name}-{number}"


def _sink_name(step: Step) -> str:
    """Told apart from ClickHouse itself, which is a process of the same name as its sink."""
    return f"sink-{step.name}"
