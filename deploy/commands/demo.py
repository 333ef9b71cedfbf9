"""`demo`: the stack, fed and shown, until Ctrl-C."""

import sys
from functools import partial
from pathlib import Path

import structlog

from deploy.commands.base import Asked, Command
from deploy.feed import already_read, feeders, is_live, recorded_files
from deploy.jars import is_fetched
from deploy.screen import show
from deploy.up import run


def _act(asked: Asked) -> int:
    settings, folder = asked.settings, asked.folder
    live = is_live(settings)
    source = _source(settings.recorded_dir, folder.root, live=live)
    sys.stdout.write(f"Denyut: {source}; data in {folder.root}\n")
    if not is_fetched(settings.kafka_lib):
        sys.stdout.write("Fetching Apache Kafka with Maven: 44 MB, once …\n")
    sys.stdout.flush()
    if sys.stdout.isatty():
        _log_to(folder.logs / "supervisor.log")
    run(settings, folder, partial(feeders, live=live), show)
    sys.stdout.write(f"Stopped. The data stays in {folder.root}; `make demo` goes on from there.\n")
    return 0


def _source(recorded: Path, data: Path, *, live: bool) -> str:
    """In words, what will feed the stack."""
    if live:
        return "live: news by RSS, prices by Yahoo"
    files = recorded_files(recorded)
    unread = [path for path in files if path.name not in already_read(data)]
    if unread:
        return f"no internet: {len(unread)} recorded files of {recorded}, then simulated posts"
    if files:
        return f"no internet: simulated posts (the recorded events of {recorded} are in already)"
    return f"no internet: simulated posts (no recorded events in {recorded})"


def _log_to(path: Path) -> None:
    """Send this process' log there: the terminal belongs to the panel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=path.open("a", encoding="utf-8")))


COMMAND = Command("start the stack, feed it and show what happens, until Ctrl-C", _act, starts=True)
