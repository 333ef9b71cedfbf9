"""`down`: stop the running stack."""

import sys

from deploy.commands.base import Asked, Command
from deploy.up import down


def _act(asked: Asked) -> int:
    stopped = down(asked.folder)
    sys.stdout.write(f"{'stopped' if stopped else 'nothing ran in'} {asked.folder.root}\n")
    return 0


COMMAND = Command("stop the running stack; its data stays", _act)
