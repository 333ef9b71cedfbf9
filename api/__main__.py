"""`python -m api`: serve. `python -m api watch`: print the live stream of a running api."""

import argparse
import asyncio
import sys

import structlog
import uvloop

from api.server import address, listen, serve
from api.settings import ApiSettings
from api.watch import NARROWING, watch
from schemas.access import check_access
from schemas.errors import Fatal
from schemas.logs import configure
from schemas.settings import load

log = structlog.get_logger()


def _serve() -> int:
    settings = load(ApiSettings)
    configure("api", settings)
    try:
        check_access(settings)
        listener = listen(settings.api_host, settings.api_port)
        print(f"Denyut api: {address(listener)}", flush=True)
        log.info("api_listening", address=address(listener), kafka=settings.kafka)
        uvloop.run(serve(settings, listener))
    except Fatal as error:
        log.error("api_failed", error=str(error))  # noqa: TRY400 -- one clear line, the message says it all
        return 1
    log.info("api_stopped")
    return 0


def _watch(options: argparse.Namespace) -> int:
    asked = {name: values for name in NARROWING if (values := getattr(options, name))}
    try:
        asyncio.run(watch(options.url, asked, options.last_event_id, as_json=options.json))
    except KeyboardInterrupt:
        return 0
    except Fatal as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    watching = commands.add_parser("watch", help="print the live stream of a running api in the terminal")
    watching.add_argument("--url", default="http://127.0.0.1:8000", help="address of the api")
    watching.add_argument("--json", action="store_true", help="one JSON object a line: id, event, data")
    watching.add_argument("--last-event-id", help="go on after this id")
    for name in NARROWING:
        watching.add_argument(f"--{name}", action="append", default=[], help="may be repeated")
    return parser


def main() -> int:
    """The exit code."""
    options = _parser().parse_args()
    return _watch(options) if options.command == "watch" else _serve()


if __name__ == "__main__":
    sys.exit(main())
