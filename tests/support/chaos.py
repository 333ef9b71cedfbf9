"""Kills every process of a stack once or more while it works."""

import random
from collections.abc import Callable, Iterable

from tests.support.stack import Stack
from tests.support.until import until


def kill_each(
    stack: Stack, names: Iterable[str], progress: Callable[[], int], dice: random.Random, step: int
) -> list[str]:
    """SIGKILL each named process in random order, one `step` of progress apart (or when progress rests); returns the order."""
    order = list(names)
    dice.shuffle(order)
    for name in order:
        _advance(stack, progress, step)
        stack.kill(name)
    return order


def _advance(stack: Stack, progress: Callable[[], int], step: int) -> None:
    """Wait until `progress` grew by `step`, at most 5 s: a kill while nothing moves counts as well."""
    before = progress()
    try:
        until(lambda: progress() >= before + step, f"{step} more", patience_s=5)
    except TimeoutError:
        return
