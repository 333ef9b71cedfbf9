"""`env`: the environment in which other commands reach the running stack by hand."""

import argparse
import shlex
import sys

import orjson

from deploy.commands.base import Asked, Command, running
from deploy.stack import READER, WRITER


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def environment(asked: Asked) -> dict[str, str]:
    """Addresses, users and passwords of the running stack; raises Fatal where none runs."""
    state = running(asked)
    writer, reader = asked.folder.passwords()
    return {
        "DENYUT_KAFKA": state.kafka,
        "DENYUT_TOPIC_PREFIX": state.topic_prefix,
        "DENYUT_PARTITIONS": str(asked.settings.partitions),
        "DENYUT_CLICKHOUSE_URL": state.clickhouse,
        "DENYUT_CLICKHOUSE_DATABASE": state.clickhouse_database,
        "DENYUT_CLICKHOUSE_USER": WRITER,
        "DENYUT_CLICKHOUSE_PASSWORD": writer,
        "DENYUT_CLICKHOUSE_READER_USER": READER,
        "DENYUT_CLICKHOUSE_READER_PASSWORD": reader,
    }


def _act(asked: Asked) -> int:
    found = environment(asked)
    if asked.options.json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE).decode())
    else:
        sys.stdout.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())
    return 0


COMMAND = Command(
    'print the environment that reaches the stack: eval "$(python -m deploy env)"', _act, _arguments
)
