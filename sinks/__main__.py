"""The command line of the sinks: NAME (run it), migrate, proof, dead-letters."""

import argparse
import os
import signal
import sys
from threading import Event, Thread

import structlog

from schemas.errors import DenyutError
from schemas.exposition import expose
from schemas.logs import configure
from schemas.settings import load
from sinks import report
from sinks.clickhouse.migrate import migrate
from sinks.registry import SINKS, create
from sinks.settings import ClickHouseSinkSettings

_STOP_S = 9.0


def main() -> int:
    """Run the command; 0 when it has done its work or was told to stop, 1 where it cannot go on."""
    arguments = _parser().parse_args()
    settings = load(ClickHouseSinkSettings)
    configure("sinks", settings)
    try:
        return _command(arguments, settings)
    except DenyutError as error:
        structlog.get_logger().error("sinks_failed", error=str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sinks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in SINKS:
        commands.add_parser(name, help=f"land events in {name} until told to stop")
    commands.add_parser("migrate", help="bring the tables up to date")
    report.arguments(commands)
    return parser


def _command(arguments: argparse.Namespace, settings: ClickHouseSinkSettings) -> int:
    if arguments.command == "migrate":
        print(f"{migrate(settings)} statements applied")
        return 0
    if arguments.command == "proof":
        return report.print_proof(arguments, settings)
    if arguments.command == "dead-letters":
        return report.print_letters(arguments, settings)
    expose(settings)
    create(arguments.command)().run(stop_on_signals())
    return 0


def stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set; the process ends with 0 even if its main thread is stuck by then.

    Signals are taken by a thread of their own: a call into librdkafka that waits for a broker that is gone would hold
    up Python's handlers. Ending at any moment is safe: what is stored is replayed.
    """
    stop = Event()
    numbers = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)

    def watch() -> None:
        signal.sigwait(numbers)
        stop.set()
        Event().wait(_STOP_S)
        os._exit(0)

    Thread(target=watch, name="signals", daemon=True).start()
    return stop


if __name__ == "__main__":
    sys.exit(main())
