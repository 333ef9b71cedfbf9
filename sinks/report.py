"""Prints proof and dead letters, for people or as JSON."""

import argparse
import time
from datetime import UTC, datetime

import orjson
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from schemas.proof import Bounds
from sinks.clickhouse import letters
from sinks.clickhouse.client import connect, decisions
from sinks.clickhouse.proof import prove
from sinks.clickhouse.redrive import redrive
from sinks.settings import ClickHouseSinkSettings

_SHOWN = 50
_TIMEOUT_S = 60


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands of this module."""
    proof = commands.add_parser("proof", help="compare the receipts with what landed; 1 if anything differs")
    proof.add_argument("--json", action="store_true", help="print JSON, with the ledger by source and hour")
    proof.add_argument(
        "--from",
        type=_instant,
        dest="since",
        metavar="TIME",
        help="only what was collected from the hour of then on",
    )
    proof.add_argument(
        "--to",
        type=_instant,
        dest="until",
        metavar="TIME",
        help="only what was collected before (ISO 8601 or epoch ms)",
    )
    proof.add_argument(
        "--source", action="append", default=[], help="only this one, as in the ledger; may be given again"
    )
    proof.add_argument(
        "--patience", type=float, default=10.0, metavar="S", help="seconds given to what has not landed yet"
    )
    dead = commands.add_parser("dead-letters", help="look at records that could not be used").add_subparsers(
        dest="action", required=True
    )
    listing = dead.add_parser("list", help="the newest first")
    listing.add_argument("--limit", type=int, default=50)
    _filters(listing)
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    dead.add_parser("show", help="all of one, as JSON").add_argument("id")
    redriving = dead.add_parser("redrive", help="publish their bytes again to their topics, with their keys")
    redriving.add_argument("id", nargs="*", help="which; or all that the options choose")
    _filters(redriving)
    redriving.add_argument("--all", action="store_true", help="all there are")
    redriving.add_argument("--limit", type=int, default=10_000, help="most at once, the oldest first")
    redriving.add_argument("--again", action="store_true", help="also those that were redriven before")


def _filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("--reason", help="only of this reason")
    command.add_argument("--stage", help="only those that this stage or sink refused")
    command.add_argument("--topic", help="only from this topic, by its full name")


def print_proof(options: argparse.Namespace, settings: ClickHouseSinkSettings) -> int:
    """0 if everything adds up, else 1."""
    since, until = options.since, options.until
    if since is not None and until is not None and since >= until:
        raise SystemExit("python -m sinks proof: --from must lie before --to")
    now = time.time_ns() // 1_000_000
    bounds = Bounds(now, since, until, options.source)
    proof = prove(settings, bounds, options.patience)
    if options.json:
        told = {**proof.as_dict(), "ledger_cut": proof.next is not None}
        _out(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return 0 if proof.holds else 1
    for row in reversed(proof.ledger[:_SHOWN]):
        _out(
            f"{datetime.fromtimestamp(row['hour'] / 1000, UTC):%Y-%m-%d %H:%M}  {row['source'] or '(unreadable)':<30} "
            f"collected {row['collected']} = {row['mentions']} + {row['repeats']} + {row['dead_letters']}, "
            f"landed {row['landed']}, difference {row['difference']}"
        )
    if len(proof.ledger) > _SHOWN:
        _out(f"(the newest {_SHOWN} of {len(proof.ledger)} hours and sources; --json shows more)")
    totals = proof.totals
    _out(
        f"collected {totals['collected']} = mentions {totals['mentions']} + repeats {totals['repeats']} + dead letters "
        f"{totals['dead_letters']}; mentions landed {totals['landed']}"
    )
    for item in proof.differences:
        _out(
            f"DIFFERENCE {item.what}: {item.where}: expected {item.expected}, found {item.found} ({item.detail})"
        )
    more = " and more" if proof.cut else ""
    _out("the proof holds: difference 0" if proof.holds else f"{len(proof.differences)} differences{more}")
    return 0 if proof.holds else 1


def print_letters(options: argparse.Namespace, settings: ClickHouseSinkSettings) -> int:
    """0; raises what looking for them, or publishing them, raises."""
    client = connect(settings, _TIMEOUT_S)
    try:
        with decisions():
            return _letters(options, settings, client)
    finally:
        client.close()


def _letters(options: argparse.Namespace, settings: ClickHouseSinkSettings, client: Client) -> int:
    if options.action == "show":
        _out(orjson.dumps(letters.show(client, options.id), option=orjson.OPT_INDENT_2).decode())
        return 0
    named = tuple(options.id) if options.action == "redrive" else ()
    choice = letters.Choice(named, options.reason, options.stage, options.topic)
    if options.action == "redrive":
        if choice.is_all and not options.all:
            raise Fatal("name dead letters, or choose some by --reason, --stage or --topic, or say --all")
        ids = letters.chosen(client, choice, options.limit)
        _out(str(redrive(client, settings, ids, again=options.again, lenient=not named)))
        return 0
    for found in letters.newest(client, choice, options.limit):
        again = " redriven" if found["redriven"] else ""
        line = f"{found['failed_at']:%Y-%m-%d %H:%M:%S}  {found['reason']:<12}{again}  {found['id']}  {found['detail'][:120]}"
        _out(orjson.dumps(found).decode() if options.json else line)
    return 0


def _instant(text: str) -> int:
    """Epoch milliseconds of ISO 8601 (UTC where it names no zone) or of themselves; raises ValueError."""
    if text.isascii() and text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _out(line: str) -> None:
    print(line)  # noqa: T201 -- this module is the command line's voice
