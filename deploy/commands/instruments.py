"""`instruments`: list, add, remove and seed the tradable things that are watched."""

import argparse

from deploy.commands.control import Control
from deploy.control import ControlRecord
from deploy.instruments import InstrumentSeed


def _arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("symbol", help="as the source of prices calls it, `BBCA.JK`")
    add.add_argument("--name", required=True, help="what people call it")
    add.add_argument("--zone", required=True, help="time zone of its exchange, `Asia/Jakarta`")
    add.add_argument("--alias", action="append", default=[], help="another name; repeatable")
    add.add_argument("--exchange", default="", help="code of the exchange")
    add.add_argument("--currency", default="", help="ISO 4217 code")
    add.add_argument("--inactive", action="store_true", help="known, but its quotes are not collected")


def _asked(options: argparse.Namespace) -> InstrumentSeed:
    return InstrumentSeed(
        symbol=options.symbol,
        name=options.name,
        aliases=tuple(options.alias),
        exchange=options.exchange,
        zone=options.zone,
        currency=options.currency,
        active=not options.inactive,
    )


def _line(instrument: ControlRecord) -> str:
    state = "" if instrument["active"] else "  (inactive)"
    return (
        f"{instrument['symbol']:<12} {instrument['exchange']:<5} {instrument['currency']:<4} "
        f"{instrument['zone']:<18} {instrument['name']}{state}"
    )


COMMAND = Control("instruments", "instrument", InstrumentSeed, _arguments, _asked, _line).command()
