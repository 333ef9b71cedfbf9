"""Workers of one consumer group, and what a trial does to them: kill, stop, freeze, replace."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription

from tests.support import rooms
from tests.support.kafka_reading import Offsets
from tests.support.rooms import Room
from tests.support.until import until


class Crew:
    """The workers of `group`, each started with `words`; a context manager that leaves none behind.

    `offsets` are the group's, `folder` is for logs, and for flags where the words name it (see `Probing.flags`).
    """

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        group: str,
        offsets: Offsets,
        words: Sequence[str],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.bootstrap = bootstrap
        self.group = group
        self.offsets = offsets
        self.workers: list[Room] = []
        self.exits: list[int] = []
        """How workers ended that nobody had told to."""
        self._folder = folder
        self._words = words
        self._environment = environment

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()
        self.offsets.close()

    @property
    def log(self) -> Path:
        """What the workers print."""
        return self._folder / f"{self.group}.log"

    def start(self, position: int | None = None) -> Room:
        """Start a worker, in place of the one at `position` if given."""
        with self.log.open("ab") as log:
            worker = rooms.start(self._words, self._environment, log.fileno(), log.fileno())
        if position is None:
            self.workers.append(worker)
        else:
            self.workers[position] = worker
        return worker

    def revive(self) -> None:
        """Restart what has ended by itself, as the supervisor would."""
        for position, worker in enumerate(self.workers):
            if (status := worker.poll()) is not None:
                self.exits.append(status)
                self.start(position)

    def kill(self, position: int) -> None:
        """SIGKILL one worker and start it again."""
        self.workers[position].kill()
        self.workers[position].wait()
        self.start(position)

    def stop(self, position: int, patience_s: float = 60) -> int:
        """SIGTERM one worker; its exit code. A worker that does not end in time is killed and fails the test."""
        worker = self.workers[position]
        worker.terminate()
        try:
            return worker.wait(patience_s)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
            raise AssertionError(f"SIGTERM took more than {patience_s} s") from None

    def dismiss(self, position: int, patience_s: float = 60) -> int:
        """SIGTERM one worker for good; its exit code."""
        code = self.stop(position, patience_s)
        self.workers.pop(position)
        return code

    def freeze(self, position: int) -> None:
        """SIGSTOP one worker for good."""
        self.workers[position].send_signal(signal.SIGSTOP)

    def freeze_until_replaced(self, *positions: int) -> None:
        """Stop one of these workers right before a commit until the others got on with all partitions, then let it go on.

        There must be something left to commit.
        """
        flags = {self._folder / f"{self.workers[at].pid}.freeze": self.workers[at].pid for at in positions}
        for flag in flags:
            flag.touch()
        stopped: list[psutil.Process] = []

        def one_stopped() -> bool:
            candidates = map(psutil.Process, flags.values())
            stopped.extend(one for one in candidates if one.status() == psutil.STATUS_STOPPED)
            return bool(stopped)

        until(one_stopped, "a worker stops itself before a commit", 240)
        for flag in flags:
            flag.unlink(missing_ok=True)
        try:
            before, ends = self.offsets.committed(), self.offsets.ends()
            until(
                lambda: all(
                    now > before[number] or now >= ends[number] for number, now in self.committed().items()
                ),
                "the others take over from a frozen worker",
                240,
            )
        finally:
            for worker in stopped:
                worker.resume()

    def shared_out(self) -> None:
        """Wait until every worker holds partitions."""
        self._until_group(
            lambda group: (
                sum(bool(member.assignment.topic_partitions) for member in group.members) == len(self.workers)
            ),
            "every worker holds partitions",
        )

    def joined(self) -> None:
        """Wait until the group has as many members as there are workers, whatever they hold."""
        self._until_group(lambda group: len(group.members) == len(self.workers), "every worker has joined")

    def _until_group(self, condition: Callable[[ConsumerGroupDescription], bool], what: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

        def holds() -> bool:
            self.revive()
            try:
                group = admin.describe_consumer_groups([self.group])[self.group].result(30)
            except (KafkaException, TimeoutError):  # the coordinator is still loading
                return False
            return group.state == ConsumerGroupState.STABLE and condition(group)

        until(holds, what, 240)

    def committed(self) -> dict[int, int]:
        """The group's offsets; revives workers that ended."""
        self.revive()
        return self.offsets.committed()

    def left(self) -> int:
        """How many offsets are not committed yet."""
        return sum(self.offsets.ends().values()) - sum(self.offsets.committed().values())

    def progress(self, records: int, patience_s: float = 240) -> None:
        """Wait until so many more records are committed, or all are."""
        start = sum(self.committed().values())
        goal = min(start + records, sum(self.offsets.ends().values()))
        until(lambda: sum(self.committed().values()) >= goal, f"{records} more records committed", patience_s)

    def finish(self, patience_s: float = 240) -> None:
        """Wait until everything is committed."""
        ends = self.offsets.ends()
        until(lambda: self.committed() == ends, f"all of {ends} committed", patience_s)
