"""One trial of landing: a sink that reaches its engine over a wire, what kills either of them, and the comparison with the truth."""

import random
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from confluent_kafka.admin import AdminClient

from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.exactly import assert_exact, count, counted, differing_keys, fingerprint
from tests.support.landing import mentions, publish, start_sink
from tests.support.rooms import Room
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.wire import Fate, Request, Wire

_MOMENT_S = 0.03
_PORTIONS = 20
_TIGHT = {"DENYUT_SINK_BUFFER_MB": "8", "DENYUT_SINK_INSERT_TIMEOUT_S": "20"}
"""Of the last sink, which also sees the outage."""


@dataclass(slots=True)
class Verdict:
    """What was done and what came out."""

    mentions: int
    kills: Counter[str]
    steps: Counter[str]
    fingerprint: tuple[int, int] = (0, 0)
    calm: tuple[int, int] = (-1, -1)
    differing: dict[str, int] = field(default_factory=dict)
    delivered_again: int = 0
    after_again: tuple[int, int] = (-2, -2)
    restored: int = 0

    @property
    def exact(self) -> bool:
        """Whether rows, columns and sums are those of a run that nothing disturbed."""
        return (
            self.fingerprint == self.calm == self.after_again
            and self.fingerprint[0] == self.mentions
            and not any(self.differing.values())
        )


class LandingTrial:
    """A context manager; the engine is its own, to be killed."""

    def __init__(self, bootstrap: str, folder: Path, seed: int, prefix: str = "chaos.") -> None:
        self.bootstrap, self.prefix, self.database = bootstrap, prefix, "chaos"
        self.dice = random.Random(seed)
        self.engine = EmbeddedClickHouse(folder / "engine", self.database)
        self.engine.start()
        self.wire = Wire(self.engine.port, keep=400)
        self.seen = EmbeddedClickHouse(folder / "nowhere", port=self.wire.port)
        self.log = folder / "sink.log"
        self.published = 0
        self.kills: Counter[str] = Counter()
        self.sink: Room | None = None
        self._settings = {"DENYUT_SINK_BATCH_ROWS": "400", "DENYUT_SINK_BACKOFF_S": "0.5"}
        create_topics(bootstrap, prefix)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.sink is not None and self.sink.poll() is None:
            self.sink.kill()
            self.sink.wait()
        self.wire.close()
        self.engine.stop()

    def start(self, module: str = "sinks", **settings: str) -> Room:
        """A new sink."""
        self.sink = start_sink(
            self.seen,
            self.bootstrap,
            self.prefix,
            self.database,
            self.log,
            module=module,
            settings={**self._settings, **settings},
        )
        return self.sink

    def say(self, number: int) -> None:
        """Publish so many mentions more, aborted transactions between."""
        made = mentions(number, first=self.published)
        publish(self.bootstrap, self.prefix, "mentions", made, transactions=4, abort_between=True)
        self.published += number

    def cut(self, step: str, number: int) -> None:
        """Let a sink run that dies by itself before its `number`-th step of that name."""
        sink = self.start("tests.support.dying_sink", TEST_DIES_BEFORE=step, TEST_DIES_AT=str(number))
        assert sink.wait(120) == -signal.SIGKILL

    def kill_sink(self) -> None:
        """SIGKILL; another one begins at once."""
        assert self.sink is not None
        self.sink.kill()
        self.sink.wait()
        self.start()

    def kill_engine(self) -> None:
        """SIGKILL; it is started again at once."""
        self.engine.kill()
        self.engine.start()

    def strike(self, kind: str, before: int) -> None:
        """Kill one of `sink`, `engine`, `both`; with `@insert` while an insert is under way, else at any moment."""
        whom, _, when = kind.partition("@")
        if when:
            caught = self._caught()
            caught.wait(30)
            time.sleep(self.dice.random() * _MOMENT_S)
        else:
            self._some_moment(before)
        if whom == "both":
            self.engine.kill()
            self.kill_sink()
            self.engine.start()
        elif whom == "engine":
            self.kill_engine()
        else:
            self.kill_sink()
        self.kills[kind] += 1

    def finish(self, patience_s: float = 300) -> None:
        """Wait until all has landed and is counted."""
        until(lambda: counted(self.engine, self.database) >= self.published, "all mentions", patience_s)

    def verdict(self) -> Verdict:
        """Compare with the truth, deliver batches again, and compare with a run that nothing disturbs."""
        log = self.log.read_text()
        verdict = Verdict(self.published, self.kills, Counter(re.findall(r"dies before (\w+)", log)))
        verdict.restored = log.count("block_restored")
        assert_exact(self.engine, self.database, self.published)
        verdict.fingerprint = fingerprint(self.engine, self.database)
        verdict.differing = differing_keys(self.engine, self.database)
        self._stop()
        for request in self.wire.inserts:
            self.wire.forward(request)
        verdict.delivered_again = len(self.wire.inserts)
        verdict.after_again = fingerprint(self.engine, self.database)
        verdict.differing = {
            name: most + differing_keys(self.engine, self.database)[name]
            for name, most in verdict.differing.items()
        }
        self._forget_offsets()
        self.database = "calm"
        self.start(**_TIGHT)
        self.finish()
        verdict.calm = fingerprint(self.engine, self.database)
        return verdict

    def outage(self, seconds: float, number: int) -> dict[str, Any]:
        """Nobody answers for so long, while `number` mentions come: the sink's memory, and whether it kept its partitions."""
        assert self.sink is not None
        members, told = self._members(), self.log.read_text().count("partitions_assigned")
        process = psutil.Process(self.sink.pid)
        before, most = process.memory_info().rss, 0
        began = time.monotonic()
        with self.wire.silence():
            for portion in range(1, _PORTIONS + 1):
                self.say(number // _PORTIONS)
                while time.monotonic() < began + seconds * portion / _PORTIONS:
                    most = max(most, process.memory_info().rss)
                    time.sleep(0.2)
        self.finish()
        return {
            "seconds": round(seconds),
            "rss_before_mib": before >> 20,
            "rss_most_mib": most >> 20,
            "same_member": self._members() == members,
            "assigned_again": self.log.read_text().count("partitions_assigned") - told,
        }

    def _caught(self) -> threading.Event:
        """Set when the next insert is on its way to the engine."""
        caught = threading.Event()

        def plan(request: Request) -> Fate:
            if request.lands:
                caught.set()
                self.wire.plan = lambda _: Fate.PASS
            return Fate.PASS

        self.wire.plan = plan
        return caught

    def _some_moment(self, before: int) -> None:
        wanted = before + self.dice.randrange(1, 2000)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and count(self.engine, self.database) < wanted:
            time.sleep(0.01)
        time.sleep(self.dice.random() / 5)

    def _members(self) -> set[str]:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        group = self.prefix + "clickhouse"
        return {one.member_id for one in admin.describe_consumer_groups([group])[group].result(60).members}

    def _stop(self) -> None:
        assert self.sink is not None
        self.sink.terminate()
        assert self.sink.wait(60) == 0

    def _forget_offsets(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        group = self.prefix + "clickhouse"
        until(lambda: not self._members(), "the group is empty")
        admin.delete_consumer_groups([group])[group].result(60)
