"""Prints proof and dead letters, for people or as JSON."""

import argparse
import time
from datetime import UTC, datetime

import orjson

from schemas.proof import Bounds
from sinks.clickhouse import letters
from sinks.clickhouse.proof import prove
from sinks.settings import ClickHouseSinkSettings

_SHOWN = 50


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
    listing.add_argument("--reason", help="only of this reason")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    for name, about in (
        ("show", "all of one, as JSON"),
        ("redrive", "publish its bytes again to their topic"),
    ):
        one = dead.add_parser(name, help=about)
        one.add_argument("id")


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
    """0; raises what looking for them raises."""
    if options.action == "redrive":
        _out(f"published to {letters.redrive(settings, options.id)}")
    elif options.action == "show":
        _out(orjson.dumps(letters.show(settings, options.id), option=orjson.OPT_INDENT_2).decode())
    else:
        for found in letters.newest(settings, options.limit, options.reason):
            line = f"{found['failed_at']:%Y-%m-%d %H:%M:%S}  {found['reason']:<12}  {found['id']}  {found['detail'][:120]}"
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
