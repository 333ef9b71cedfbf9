"""One trial of a stage: what it is told portion by portion, the workers that read it, and what came of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from schemas.flow import step
from schemas.topics import TOPICS
from tests.support.crew import Crew
from tests.support.kafka_reading import Offsets
from tests.support.stage_case import Case
from tests.support.stages import Feed, environment, records
from tests.support.topics import create_topics


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What differs from an undisturbed run (nothing: exact), and how the trial went."""

    differences: tuple[str, ...]
    strikes: int
    """How often a worker or the broker was struck."""
    idle: int
    """How often of these nothing was left to be done."""
    exits: tuple[int, ...]
    """How workers ended that nobody had told to."""

    @property
    def exact(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


class StageTrial(Crew):
    """The topics of one stage under a prefix of its own, what it is told, and its workers."""

    def __init__(self, bootstrap: str, folder: Path, case: Case, rounds: int, **probing: object) -> None:
        self.case = case
        self.prefix = f"{case.stage}-{uuid.uuid4().hex[:8]}."
        self._rounds = rounds
        self._portion = -(-len(case.told) // rounds)
        self._told = 0
        self._strikes = self._idle = 0
        stage = step(case.stage)
        self._topic = case.topic
        create_topics(bootstrap, self.prefix, {*stage.inputs, *stage.outputs, *case.before})
        self._feed = Feed(bootstrap, self.prefix)
        for topic, known in case.before.items():
            self._feed.send(topic, known)
        self.partitions = TOPICS[self._topic].partitions(4)
        offsets = Offsets(bootstrap, stage.group(self.prefix), self.prefix + self._topic, self.partitions)
        asked = orjson.dumps({"flags": str(folder), **probing}).decode()
        super().__init__(
            bootstrap,
            folder,
            stage.group(self.prefix),
            offsets,
            ["tests.support.probed_stage", case.stage, asked],
            environment(bootstrap, self.prefix, **case.settings),
        )

    def tell(self) -> int:
        """Tell the next portion; how much it is."""
        portion = self.case.told[self._told : self._told + self._portion]
        self._feed.send(self._topic, portion)
        self._told += len(portion)
        return len(portion)

    def strike(self, blow: Callable[[], object]) -> None:
        """Do that to a worker or the broker, and note whether there was work."""
        self._strikes += 1
        self._idle += not self.left()
        blow()

    def outcome(self) -> Outcome:
        """Tell what is left, wait until all is committed, and compare."""
        while self.tell():
            pass
        self.finish(900)
        return Outcome(
            differences=tuple(self._differences()),
            strikes=self._strikes,
            idle=self._idle,
            exits=tuple(self.exits),
        )

    def _differences(self) -> list[str]:
        found = list(self.case.compare(lambda topic: records(self.bootstrap, self.prefix, topic)))
        if letters := records(self.bootstrap, self.prefix, "dead-letters"):
            found.append(f"{len(letters)} dead letters, {letters[:1]}")
        return found
