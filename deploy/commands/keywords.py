"""`keywords`: list, add, remove and seed the phrases to look for."""

import argparse
import sys
import time
from pathlib import Path

from deploy.commands.base import Asked, Command
from deploy.commands.topics import kafka_of
from deploy.keywords import KeywordTopic, Seed, read_seeds
from schemas.errors import Fatal


def _arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|add|remove|seed")
    verbs.add_parser("list", help="show all")
    add = verbs.add_parser("add", help="add one, or replace the one of the same id")
    add.add_argument("text", help="the phrase")
    add.add_argument("--id", default="", help="its id; made of the phrase by default")
    add.add_argument("--category", default="general")
    add.add_argument("--priority", type=int, choices=range(1, 6), default=3, help="1 (low) to 5 (high)")
    add.add_argument(
        "--language", action="append", default=[], help="look in this language alone; repeatable"
    )
    add.add_argument("--inactive", action="store_true", help="known, but not looked for")
    remove = verbs.add_parser("remove", help="delete by id")
    remove.add_argument("ids", nargs="+", metavar="ID")
    seed = verbs.add_parser("seed", help="write all of a TOML file, replacing those of the same ids")
    seed.add_argument(
        "file", nargs="?", type=Path, help="`[[keywords]]` tables; the project's own by default"
    )


def _act(asked: Asked) -> int:
    topic = KeywordTopic(kafka_of(asked))
    options = asked.options
    now = int(time.time() * 1000)
    if options.verb == "list":
        for keyword in sorted(topic.current().values(), key=lambda found: str(found["id"])):
            state = "" if keyword["active"] else "  (inactive)"
            sys.stdout.write(
                f"{keyword['id']:<28} {keyword['priority']}  {keyword['category']:<14} {keyword['text']}{state}\n"
            )
    elif options.verb == "add":
        seed = Seed(
            text=options.text,
            id=options.id,
            category=options.category,
            priority=options.priority,
            active=not options.inactive,
            languages=tuple(options.language),
        )
        sys.stdout.write(f"{topic.put([seed], now)[0]}\n")
    elif options.verb == "remove":
        gone = topic.remove(options.ids)
        missing = [keyword for keyword in options.ids if keyword not in gone]
        if missing:
            raise Fatal(
                f"no keyword has the id {', '.join(missing)}: `python -m deploy keywords list` shows them"
            )
    else:
        ids = topic.put(read_seeds(options.file or asked.settings.keywords_file), now)
        sys.stdout.write(f"{len(ids)} keywords\n")
    return 0


COMMAND = Command("list, add, remove and seed keywords", _act, _arguments)
