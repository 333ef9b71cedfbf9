"""What every verb of the command line is."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from deploy.folder import DataFolder
from deploy.settings import DeploySettings
from deploy.state import StackState
from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verb is called with: settings, the data folder meant, whether it was named, and its own options."""

    settings: DeploySettings
    folder: DataFolder
    options: argparse.Namespace


@dataclass(frozen=True, slots=True)
class Command:
    """One verb: `act` returns the exit status and may raise any DenyutError, which becomes one line and status 1."""

    about: str
    act: Callable[[Asked], int]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None
    starts: bool = False
    """It starts a stack: without --data it means the default folder, not the one of the stack that runs here."""


def running(asked: Asked) -> StackState:
    """The state of the running stack; raises Fatal where none runs."""
    state = asked.folder.running()
    if state is None:
        raise Fatal(f"no stack runs in {asked.folder.root}: start one with `python -m deploy up`")
    return state
