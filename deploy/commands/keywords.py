"""`keywords`: list, add, remove and seed the phrases to look for."""

import argparse
from datetime import datetime

from deploy.commands.control import Control
from deploy.control import ControlRecord
from deploy.keywords import KeywordSeed


def _arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("text", help="the phrase")
    add.add_argument("--id", default="", help="its id; made of the phrase by default")
    add.add_argument("--category", default="general")
    add.add_argument("--priority", type=int, choices=range(1, 6), default=3, help="1 (low) to 5 (high)")
    add.add_argument(
        "--language", action="append", default=[], help="look in this language alone; repeatable"
    )
    add.add_argument("--query", help="Boolean query that is searched for in place of the phrase")
    add.add_argument(
        "--from",
        dest="start",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="collect nothing older (ISO 8601 with zone)",
    )
    add.add_argument("--inactive", action="store_true", help="known, but not looked for")


def _asked(options: argparse.Namespace) -> KeywordSeed:
    return KeywordSeed(
        text=options.text,
        id=options.id,
        category=options.category,
        priority=options.priority,
        active=not options.inactive,
        languages=tuple(options.language),
        query=options.query,
        monitoring_start=options.start,
    )


def _line(keyword: ControlRecord) -> str:
    state = "" if keyword["active"] else "  (inactive)"
    return f"{keyword['id']:<28} {keyword['priority']}  {keyword['category']:<14} {keyword['text']}{state}"


COMMAND = Control("keywords", "keyword", KeywordSeed, _arguments, _asked, _line).command()
