"""`env`: the environment in which commands started by hand reach the running stack."""

import argparse
import shlex
import sys

import orjson

from deploy.commands.base import Asked, Command, running
from deploy.environment import reached


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _act(asked: Asked) -> int:
    found = reached(asked.folder, asked.settings, running(asked))
    if asked.options.json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE).decode())
        return 0
    for name, value in found.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


COMMAND = Command(
    'print the environment that reaches the running stack: eval "$(python -m deploy env)"', _act, _arguments
)
