"""`python -m api`: serve. `watch`: print the live stream of a running api. `key`: make an API key."""

import argparse
import asyncio
import sys

import structlog
import uvloop

from api.access.keys import new_entry
from api.access.scopes import SCOPES
from api.access.settings import WatchSettings
from api.server import address, listen, serve
from api.settings import ApiSettings
from api.watch import PARAMETERS, watch
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
    token = load(WatchSettings).token()
    asked = {name: values for name in PARAMETERS if (values := getattr(options, name))}
    try:
        asyncio.run(watch(options.url, asked, options.last_event_id, token, as_json=options.json))
    except KeyboardInterrupt:
        return 0
    except Fatal as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


def _key(options: argparse.Namespace) -> int:
    """A new key: itself to standard error, once; its entry for DENYUT_API_KEYS to standard output."""
    try:
        key, entry = new_entry(options.id, options.owner, options.scope, options.expires)
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return 2
    print(f"the key, shown this once: {key}", file=sys.stderr)
    print(entry)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    watching = commands.add_parser("watch", help="print the live stream of a running api in the terminal")
    watching.add_argument("--url", default="http://127.0.0.1:8000", help="address of the api")
    watching.add_argument("--json", action="store_true", help="one JSON object a line: id, event, data")
    watching.add_argument("--last-event-id", help="go on after this id")
    for name in PARAMETERS:
        watching.add_argument(f"--{name}", action="append", default=[], help="may be repeated")
    making = commands.add_parser(
        "key", help="make an API key: prints its entry for the file of DENYUT_API_KEYS"
    )
    making.add_argument("id", help="its name: small letters, digits, dashes")
    making.add_argument("--owner", required=True, help="whose it is; alerts of this owner are shown to it")
    making.add_argument(
        "--scope", action="append", required=True, help=f"may be repeated: {', '.join(SCOPES)}, *"
    )
    making.add_argument("--expires", help="day on which it ends, as 2030-01-31")
    return parser


def main() -> int:
    """The exit code."""
    options = _parser().parse_args()
    if options.command == "watch":
        return _watch(options)
    return _key(options) if options.command == "key" else _serve()


if __name__ == "__main__":
    sys.exit(main())
