"""`schemas`: register the events' schemas in the registry, or check what it has."""

import argparse
import sys

from deploy.commands.base import Asked, Command
from deploy.commands.topics import kafka_of
from deploy.registration import Registered, check, register


def _declare(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="register|check")
    verbs.add_parser("register", help="register what is missing, and set the rule of every subject")
    verbs.add_parser(
        "check", help="show what is registered; status 1 where something is missing or would be refused"
    )


def _act(asked: Asked) -> int:
    settings = kafka_of(asked)
    found = register(settings) if asked.options.verb == "register" else list(check(settings))
    for one in found:
        sys.stdout.write(f"{one.subject:<32} {one.event:<12} {_id(one):>8}  {_mark(one)}\n")
    return 1 if any(one.wrong for one in found) else 0


def _id(one: Registered) -> str:
    return "-" if one.schema_id is None else str(one.schema_id)


def _mark(one: Registered) -> str:
    return one.wrong or ("registered" if one.new else "there")


COMMAND = Command("register the schemas in the schema registry, or check what it has", _act, _declare)
