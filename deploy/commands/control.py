"""What the verbs of every control topic share: list, add, remove and seed."""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from deploy.commands.base import Asked, Command
from deploy.commands.topics import kafka_of
from deploy.control import ControlRecord, ControlTopic, Seed, problems, read_seeds
from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Control:
    """One control topic on the command line.

    `name` is the topic's, `noun` one of its records in words; `arguments` declares the options of `add`, `asked` makes a
    seed of them, `line` shows a record. Both `asked` and `kind` may raise pydantic's ValidationError.
    """

    name: str
    noun: str
    kind: type[Seed]
    arguments: Callable[[argparse.ArgumentParser], object]
    asked: Callable[[argparse.Namespace], Seed]
    line: Callable[[ControlRecord], str]

    def command(self) -> Command:
        """The verb of the command line."""
        return Command(f"list, add, remove and seed {self.name}", self._act, self._declare)

    def _declare(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|add|remove|seed")
        verbs.add_parser("list", help="show all")
        self.arguments(verbs.add_parser("add", help=f"add a {self.noun}, or replace the one of the same key"))
        remove = verbs.add_parser("remove", help="delete by key")
        remove.add_argument("keys", nargs="+", metavar="KEY")
        seed = verbs.add_parser("seed", help="write all of a TOML file, replacing those of the same keys")
        seed.add_argument(
            "file", nargs="?", type=Path, help=f"`[[{self.name}]]` tables; the project's own by default"
        )

    def _act(self, asked: Asked) -> int:
        topic = ControlTopic(kafka_of(asked), self.name)
        options = asked.options
        now = int(time.time() * 1000)
        if options.verb == "list":
            for _, record in sorted(topic.current().items()):
                sys.stdout.write(f"{self.line(record)}\n")
        elif options.verb == "add":
            sys.stdout.write(f"{topic.put_seeds([self._asked(options)], now)[0]}\n")
        elif options.verb == "remove":
            gone = topic.remove(options.keys)
            missing = [key for key in options.keys if key not in gone]
            if missing:
                raise Fatal(
                    f"no {self.noun} has the key {', '.join(missing)}: "
                    f"`python -m deploy {self.name} list` shows them"
                )
        else:
            path = options.file or asked.settings.seed_files()[self.name]
            keys = topic.put_seeds(read_seeds(path, self.name, self.kind), now)
            sys.stdout.write(f"{len(keys)} {self.name}\n")
        return 0

    def _asked(self, options: argparse.Namespace) -> Seed:
        try:
            return self.asked(options)
        except ValidationError as error:
            raise Fatal(f"{self.noun}: {problems(error)}") from error
