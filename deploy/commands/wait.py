"""`wait`: return when the flow has come to rest."""

import argparse
import sys

from deploy.commands.base import Asked, Command, running
from deploy.environment import kafka_of
from deploy.progress import Progress, wait


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--timeout", type=float, default=120, metavar="S", help="seconds to wait (120)")


def _act(asked: Asked) -> int:
    state = running(asked)
    behind = wait(Progress(kafka_of(asked.settings, state)), asked.options.timeout)
    if behind is None:
        return 0
    sys.stderr.write(f"denyut: after {asked.options.timeout:g} s {behind}\n")
    return 1


COMMAND = Command("wait until every stage and sink has nothing left to do", _act, _arguments)
