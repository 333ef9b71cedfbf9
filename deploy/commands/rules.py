"""`rules`: list, add, remove and seed what to be told of."""

import argparse

from deploy.commands.control import Control
from deploy.control import ControlRecord
from deploy.rules import KINDS, RuleSeed


def _arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("id", help="its id; alerts carry it")
    add.add_argument("--name", required=True, help="what people call it")
    add.add_argument("--kind", required=True, help=", ".join(KINDS))
    add.add_argument(
        "--subject",
        required=True,
        help="all:, keyword:ID, symbol:BBCA.JK, hashtag:NAME, pair:*, topic:*, source:COLLECTOR/SOURCE; * at the end: whatever begins so",
    )
    add.add_argument("--platform", default="", help="this platform alone")
    add.add_argument(
        "--window",
        default="",
        help="1m, 5m, 1h or 1d; of price_move and divergence 1m or 1d; of source_silent none; of new_topic the most it may be old",
    )
    add.add_argument(
        "--threshold",
        type=float,
        default=0.0,
        help="z-score, shift of a share (0-1; negative: of positive mentions), fraction of price, shift of the mood (0-2), "
        "trending score of a topic, seconds of silence",
    )
    add.add_argument(
        "--change", type=float, default=0.0, help="of divergence: least change of the price, a fraction"
    )
    add.add_argument("--minimum", type=int, default=0, help="least mentions in the window")
    add.add_argument("--early", action="store_true", help="may fire while the window is still open")
    add.add_argument("--severity", default="warning", help="info, warning or critical")
    add.add_argument(
        "--cooldown",
        type=int,
        default=0,
        metavar="SECONDS",
        help="quiet about the same subject after an alert",
    )
    add.add_argument(
        "--quiet-from", metavar="HH:MM", help="when quiet hours begin: critical alerts alone are sent then"
    )
    add.add_argument("--quiet-to", metavar="HH:MM", help="when they end")
    add.add_argument("--quiet-zone", metavar="ZONE", help="by the clock of which zone: Asia/Jakarta")
    add.add_argument("--inactive", action="store_true", help="known, but not watched for")


def _asked(options: argparse.Namespace) -> RuleSeed:
    return RuleSeed(
        id=options.id,
        name=options.name,
        kind=options.kind,
        subject=options.subject,
        platform=options.platform,
        window=options.window,
        threshold=options.threshold,
        change=options.change,
        minimum=options.minimum,
        early=options.early,
        severity=options.severity,
        cooldown_s=options.cooldown,
        quiet_from=options.quiet_from,
        quiet_to=options.quiet_to,
        quiet_zone=options.quiet_zone,
        active=not options.inactive,
    )


def _line(rule: ControlRecord) -> str:
    state = "" if rule["active"] else "  (inactive)"
    when = "early" if rule["early"] else ""
    if rule["quiet_from"]:
        state += f"  (quiet {rule['quiet_from']}-{rule['quiet_to']} {rule['quiet_zone']})"
    return (
        f"{rule['id']:<24} r{rule['revision']:<3} {rule['kind']:<16} {rule['subject']:<20} {rule['window']:<3} {when:<6} "
        f">= {rule['threshold']:<8g} n >= {rule['minimum']:<5} {rule['severity']:<9} {rule['name']}{state}"
    )


COMMAND = Control("rules", "rule", RuleSeed, _arguments, _asked, _line).command()
