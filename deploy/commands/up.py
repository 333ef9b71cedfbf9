"""`up`: start the embedded stack."""

import argparse
import sys

from deploy.commands.base import Asked, Command
from deploy.up import detach, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help="return when it is ready, leave it running")


def _act(asked: Asked) -> int:
    if not asked.options.detach:
        run(asked.settings, asked.folder)
        return 0
    state = detach(asked.settings, asked.folder)
    sys.stdout.write(f"page {state.api}\nstop `python -m deploy down --data {asked.folder.root}`\n")
    return 0


COMMAND = Command("start the embedded stack", _act, _arguments, starts=True)
