"""The command line of the collectors: run, request, list, check, backfill, replay."""

import argparse
import os
import signal
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from socket import socketpair
from textwrap import fill
from threading import Event, Thread

import structlog

from producers.base import Collector
from producers.canaries.watched import watched
from producers.collectors.replay import Replay
from producers.facts.load import facts_of
from producers.progress_bar import progress_bar
from producers.reading import some_left
from producers.registry import COLLECTORS, build
from producers.requests.ask import ask
from producers.requests.follow import Requests
from producers.runner import run_collectors
from producers.settings import ProducerSettings
from schemas.access import check_access
from schemas.codec import Codec
from schemas.errors import DenyutError, Fatal, Retryable
from schemas.exposition import expose
from schemas.logs import configure
from schemas.registry import schema_ids
from schemas.settings import load

_WIDTH = 120
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Run the command; 0 when it has done its work or was told to stop, 1 where it cannot go on."""
    arguments = _parser().parse_args()
    settings = load(ProducerSettings)
    configure("producers", settings)
    status = 0
    try:
        _command(arguments, settings)
    except DenyutError as error:
        structlog.get_logger().error("producers_failed", error=str(error))
        status = 1
    except Exception:  # noqa: BLE001 -- told as Python would, and then ended as below
        structlog.get_logger().exception("producers_failed")
        status = 1
    if some_left():
        # At once: what hangs in a library's C and comes back while the interpreter is taken down ends the process by a segmentation fault.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # who read it may be gone
                stream.flush()
        os._exit(status)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m producers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run collectors until they are told to stop")
    run.add_argument("names", nargs="*", metavar="NAME", help="default: the setting DENYUT_COLLECTORS")
    request = commands.add_parser("request", help="have a collector that runs collect now")
    request.add_argument("name", metavar="NAME", help="of the collector")
    request.add_argument("--source", metavar="SOURCE", help="one of its sources; default: all")
    request.add_argument(
        "--keywords",
        default="",
        metavar="A,B",
        help="ids of active keywords; default: those whose turn it is",
    )
    commands.add_parser("list", help="list the collectors: what each needs, costs, sees and does not")
    check = commands.add_parser("check", help="say what a collector would read, and whether that answers")
    check.add_argument(
        "name", nargs="?", metavar="NAME", help="default: the setting DENYUT_COLLECTORS, or all"
    )
    backfill = commands.add_parser("backfill", help="publish the history of symbols as candles")
    backfill.add_argument("name", choices=["yahoo"], metavar="yahoo")
    backfill.add_argument("--symbols", required=True, metavar="A,B", help="as Yahoo spells them")
    backfill.add_argument("--from", dest="first", required=True, type=_day, metavar="YYYY-MM-DD")
    backfill.add_argument("--interval", default="1d", choices=["1m", "5m", "1h", "1d"])
    replay = commands.add_parser("replay", help="publish recorded posts (JSON lines) and prices (CSV)")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE")
    replay.add_argument(
        "--speed",
        type=_speed,
        default=None,
        metavar="max|FACTOR",
        help="event seconds per second, or max (default): as fast as possible",
    )
    replay.add_argument(
        "--shift",
        nargs="?",
        const=0,
        type=int,
        metavar="DAYS",
        help="move the times so that the newest item is of so many days ago (default: of now)",
    )
    return parser


def _speed(given: str) -> float | None:
    if given == "max":
        return None
    try:
        factor = float(given)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise argparse.ArgumentTypeError(f"{given!r} is neither max nor a number above 0")
    return factor


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given!r} is no day such as 2024-01-31") from None


def _command(arguments: argparse.Namespace, settings: ProducerSettings) -> None:
    match arguments.command:
        case "list":
            for name, entry in COLLECTORS.items():
                print(f"{name:12} {entry.about}")
                for heading, sentence in facts_of(name).told().items():
                    print(
                        fill(
                            sentence,
                            _WIDTH,
                            initial_indent=f"{'':13}{heading:13}",
                            subsequent_indent=" " * 26,
                        )
                    )
        case "check":
            _check(
                [arguments.name] if arguments.name else _configured(settings) or list(COLLECTORS), settings
            )
        case "request":
            check_access(settings)
            asked = ask(
                settings,
                Codec(schema_ids(settings)),
                arguments.name,
                arguments.source,
                _names(arguments.keywords),
            )
            print(f"asked: {asked['id']}; each run that answers names it (request_id)")
        case "backfill":
            _backfill(arguments, settings)
        case "replay":
            replay = Replay(
                arguments.files, settings.source_zones, speed=arguments.speed, shift=arguments.shift
            )
            replay.check()
            _run([replay], settings)
        case "run":
            names = arguments.names or _configured(settings)
            if not names:
                raise Fatal(f"no collector is configured; name one of: {', '.join(COLLECTORS)}")
            expose(settings)
            collectors = [watched(build(name, settings), settings) for name in dict.fromkeys(names)]
            _run(collectors, settings, Requests(settings, list(COLLECTORS)))


def _configured(settings: ProducerSettings) -> list[str]:
    return _names(settings.collectors)


def _names(listed: str) -> list[str]:
    return [name for name in listed.replace(" ", "").split(",") if name]


def _check(names: list[str], settings: ProducerSettings) -> None:
    lacking, silent = [], []
    for name in names:
        try:
            collector = build(name, settings)
            print(f"{name:12} {collector.check()}", flush=True)
            print(f"{'':12} {collector.reach(settings.check_s)}")
        except Fatal as error:
            lacking.append(name)
            print(f"{name:12} not ready: {error}")
        except Retryable as error:
            silent.append(name)
            print(f"{'':12} not reached: {error}")
    if lacking:
        raise Fatal(f"not ready: {', '.join(lacking)}")
    if silent:
        raise Fatal(f"not reached: {', '.join(silent)}")


def _backfill(arguments: argparse.Namespace, settings: ProducerSettings) -> None:
    # Imported when asked for: pandas, which comes with yfinance, takes a second.
    from producers.collectors.backfill import Backfill  # noqa: PLC0415 -- said above

    backfill = Backfill(settings, _names(arguments.symbols), arguments.first, arguments.interval)
    with progress_bar(backfill.sources()) as backfill.tell:
        _run([backfill], settings)
    if backfill.unknown:
        raise Fatal(f"Yahoo has no prices of {', '.join(backfill.unknown)}")


def _run(collectors: list[Collector], settings: ProducerSettings, requests: Requests | None = None) -> None:
    check_access(settings)
    codec = Codec(schema_ids(settings))
    run_collectors(collectors, settings, codec, _stop_on_signals(), requests)


def _stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set, from a thread of its own.

    A signal may be given to any thread, and Python runs its handler in the main one, which waits for the collectors and is not woken by
    that: so what is read is what Python writes the moment a signal comes. Signals are not blocked as the sinks do: a browser would
    inherit that.
    """
    stop = Event()
    read, written = socketpair()
    written.setblocking(False)
    signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        # Both ends stay open to the end of the process: Python writes there whatever signal comes.
        with read, written:
            while number := read.recv(1):
                if number[0] in _STOPPING:
                    stop.set()

    Thread(target=watch, name="signals", daemon=True).start()
    for number in _STOPPING:
        signal.signal(number, lambda *_: None)
    return stop


if __name__ == "__main__":
    sys.exit(main())
