"""One trial of all collectors at once: their servers, faults at random, a runner that is killed, and what came of it."""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, TopicPartition

from producers.clock import now_ms
from tests.support import rooms
from tests.support.gathered import Life, Verdict, compared, fate
from tests.support.keywords import keyword
from tests.support.producers import Producers
from tests.support.rooms import Room
from tests.support.spoiling import chosen, more_of
from tests.support.stages import CODEC, Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstreams import Fault
from tests.support.upstreams.everyone import Everyone
from tests.support.upstreams.scripted import Scripted

_MOST = 12
"""Items that may be on their way from one server: five pages of three are what a run reads of some."""
_TICK_S = 0.2
ARTICLES_S = 660.0
"""An article that failed is tried again ten minutes later: so long before the end none is made to."""


@dataclass(slots=True)
class _Source:
    """A server, and what is known of its items."""

    server: Any
    most: int
    outstanding: set[str] = field(default_factory=set)
    parked: bool = False


class Gathering:
    """A context manager that leaves neither servers nor processes behind."""

    def __init__(self, bootstrap: str, folder: Path, seed: int, prefix: str, **settings: object) -> None:
        self.prefix, self._bootstrap = prefix, bootstrap
        self.dice = random.Random(seed)
        create_topics(bootstrap, prefix)
        Feed(bootstrap, prefix).send("keywords", [("ihsg", keyword("ihsg", text="IHSG"))])
        self.everyone = Everyone()
        self._producers = Producers(bootstrap, prefix, folder)
        self._log = folder / "runner.log"
        self._enrich = Workers(bootstrap, prefix, "enrich", folder, **settings)
        self._sources = {
            one.name: _Source(one, len(one.symbols) if one.name == "yahoo" else _MOST)
            for one in self.everyone.servers
        }
        self.given: dict[str, str] = {}
        """Items that were given out, and by which server."""
        self.kills = self.ended_by_itself = self.enrich_restarts = 0
        self.lives: list[Life] = []
        self._runner: Room | None = None
        self._began = 0
        self._reader = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "unused", "isolation.level": "read_committed"}
        )

    def __enter__(self) -> Self:
        self._enrich.start()
        self._reader.assign(
            [
                TopicPartition(self.prefix + topic, number, 0)
                for topic in ("mentions", "quotes")
                for number in range(4)
            ]
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None and self._runner.poll() is None:
            self._runner.kill()
            self._runner.wait()
        self._enrich.__exit__()
        self._reader.close()
        self.everyone.close()

    def begin(self) -> None:
        """Start the runner, and wait until it has read one item of each: what was there before that it need not read."""
        self.start()
        for source in self._sources.values():
            self._publish(source, 1)
        self.arrived(180)
        wanted = set(self._sources)
        until(
            lambda: {run["collector"] for run in self._runs() if run["outcome"] == "ok"} >= wanted,
            "runs of all",
            60,
        )

    def start(self) -> None:
        """A runner with all collectors."""
        environment = {**self._producers.environment(), **self.everyone.settings()}
        with self._log.open("ab") as log:
            self._runner = rooms.start(
                ["producers", "run", *self._sources], environment, log.fileno(), log.fileno()
            )
        self._began = now_ms()

    def kill(self) -> None:
        """SIGKILL; another one begins within two seconds."""
        self._revive()
        assert self._runner is not None
        self._runner.kill()
        self._runner.wait()
        self.lives.append(Life(self._began, now_ms(), killed=True))
        self.kills += 1
        time.sleep(2 * self.dice.random())
        # What nobody has met yet is over, too: it would park a collector in a life in which that is not wanted any more.
        self.calm()
        for source in self._sources.values():
            source.parked = False
        self.start()

    def live(
        self, seconds: float, *, faults: bool = True, articles: bool = False, parking: bool = True
    ) -> None:
        """Items and faults for so long; of articles themselves only where there is time to try them again."""
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0:
            self._look()
            self._revive()
            for source in self._sources.values():
                room = source.most - len(source.outstanding)
                if room and self.dice.random() < 0.1:
                    self._publish(source, min(self.dice.randint(1, 4), room))
                if faults and self.dice.random() < 0.05:
                    self._spoil(source, articles=articles, parking=parking)
            time.sleep(min(_TICK_S, left_s))

    def spoil_each(self, kind: Fault) -> None:
        """Let each server's next answer go wrong in this way, and wait until somebody has met it."""
        for source in self._scripted():
            source.server.fault(kind, **more_of(source.server, kind))
        until(
            lambda: not any(source.server.waiting for source in self._scripted()), f"everybody met {kind}", 90
        )

    def arrived(self, patience_s: float) -> None:
        """Wait until everything that was given out has arrived."""

        def nothing_left() -> bool:
            self._look()
            self._revive()
            return not any(source.outstanding for source in self._sources.values())

        try:
            until(nothing_left, "everything arrived", patience_s)
        except TimeoutError as error:
            left = {
                name: sorted(one.outstanding)[:5] for name, one in self._sources.items() if one.outstanding
            }
            raise TimeoutError(f"{error}; missing: {left}; see {self._log}") from error

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        for source in self._scripted():
            source.server.fault("500", 0)

    def finish(self) -> None:
        """End both in order."""
        self._revive()
        assert self._runner is not None
        self._runner.send_signal(signal.SIGTERM)
        assert self._runner.wait(60) == 0, f"it did not end well, see {self._log}"
        self.lives.append(Life(self._began, now_ms(), killed=False))
        self._enrich.settled()
        assert self._enrich.stop() == [0]

    def verdict(self) -> Verdict:
        """Everything compared."""
        runs = self._runs()
        fates = {met: fate(met, runs, self.lives) for met in self.everyone.met()}
        mentions = [one["id"] for one in records(self._bootstrap, self.prefix, "mentions")]
        # A price that is told again after a kill says nothing new; a post must not be.
        quotes = {_quoted(one) for one in records(self._bootstrap, self.prefix, "quotes")}
        missing, doubled, strange = compared(self.given, [*mentions, *quotes])
        return Verdict(
            given=Counter(self.given.values()),
            posts=len(records(self._bootstrap, self.prefix, "posts")),
            missing=missing,
            doubled=doubled,
            strange=strange,
            told=Counter(met.kind for met, one in fates.items() if one == "told"),
            cut_off=sum(one == "cut_off" for one in fates.values()),
            untold=[met for met, one in fates.items() if one == "untold"],
            outcomes=Counter(run["outcome"] for run in runs),
            kills=self.kills,
            ended_by_itself=self.ended_by_itself,
            enrich_restarts=self.enrich_restarts,
            letters=len(records(self._bootstrap, self.prefix, "dead-letters")),
            forged=self.everyone.sender.wrongly_accepted,
        )

    def _runs(self) -> list[dict[str, Any]]:
        return records(self._bootstrap, self.prefix, "runs")

    def _scripted(self) -> list[_Source]:
        return [one for one in self._sources.values() if isinstance(one.server, Scripted)]

    def _publish(self, source: _Source, number: int) -> None:
        ids = source.server.publish(number)
        source.outstanding.update(ids)
        self.given.update(dict.fromkeys(ids, source.server.name))

    def _spoil(self, source: _Source, *, articles: bool, parking: bool) -> None:
        server = source.server
        if not isinstance(server, Scripted):
            server.misuse()
            return
        if server.waiting or source.parked:
            return
        choice = chosen(server, self.dice, articles=articles, parking=parking)
        if choice.article and len(source.outstanding) >= source.most:
            return
        source.parked = choice.parks
        server.fault(choice.kind, **choice.more)
        if choice.article:
            self._publish(source, 1)

    def _look(self) -> None:
        """Take note of what has arrived."""
        for message in self._reader.consume(1_000, 0):
            if message.error() is not None:
                continue
            record = CODEC.decode(message.value()).record
            name = record["id"] if "id" in record else _quoted(record)
            if name in self.given:
                self._sources[self.given[name]].outstanding.discard(name)

    def _revive(self) -> None:
        """A runner that ended by itself is started again, and counted: it must not. `enrich` may, where its broker was away."""
        self.enrich_restarts += self._enrich.revive()
        if self._runner is not None and self._runner.poll() is not None:
            self.ended_by_itself += 1
            self.lives.append(Life(self._began, now_ms(), killed=False))
            self.start()


def _quoted(quote: dict[str, Any]) -> str:
    return f"{quote['symbol']}@{quote['market_time']}"
