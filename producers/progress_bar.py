"""A progress bar on standard error, where that is a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(names: Sequence[str]) -> Iterator[Callable[[str, float], None]]:
    """A bar for each of `names`, moved by calling (name, share from 0 to 1); nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _name, _share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {name: progress.add_task(name, total=1.0) for name in names}
        yield lambda name, share: progress.update(tasks[name], completed=share)
