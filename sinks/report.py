"""Prints proof and dead letters, for people or as JSON."""

import argparse

import orjson

from sinks.clickhouse import letters
from sinks.clickhouse.proof import prove
from sinks.settings import ClickHouseSinkSettings


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands of this module."""
    proof = commands.add_parser("proof", help="compare the receipts with what landed; 1 if anything differs")
    proof.add_argument("--json", action="store_true", help="print JSON")
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
    proof = prove(settings, options.patience)
    if options.json:
        _out(orjson.dumps(proof.as_dict(), option=orjson.OPT_INDENT_2).decode())
        return 0 if proof.holds else 1
    _out(
        f"collected {proof.collected} = mentions {proof.mentions} + repeats {proof.repeats} + dead letters "
        f"{proof.dead_letters}; mentions landed {proof.landed}"
    )
    for item in proof.differences:
        _out(
            f"DIFFERENCE {item.what}: {item.where}: expected {item.expected}, found {item.found} ({item.detail})"
        )
    _out("the proof holds: difference 0" if proof.holds else f"{len(proof.differences)} differences")
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


def _out(line: str) -> None:
    print(line)  # noqa: T201 -- this module is the command line's voice
