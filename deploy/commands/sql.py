"""`sql`: read-only SQL against the running stack."""

import argparse
import sys

from deploy.commands.base import Asked, Command, running
from deploy.environment import reader_of
from deploy.sql import DEFAULT_FORMAT


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help="one statement")
    parser.add_argument(
        "--format",
        default=DEFAULT_FORMAT,
        metavar="F",
        help=f"an output format of ClickHouse, by its name ({DEFAULT_FORMAT})",
    )


def _act(asked: Asked) -> int:
    state = running(asked)
    reader = reader_of(
        asked.folder, asked.settings, state.embedded, state.clickhouse, state.clickhouse_database
    )
    for chunk in reader.query(asked.options.query, asked.options.format):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0


COMMAND = Command("run read-only SQL against the running stack", _act, _arguments)
