"""`demo`: the stack, fed and shown, until Ctrl-C."""

import sys
from pathlib import Path

import structlog

from deploy.commands.base import Asked, Command
from deploy.feed import already_read, feeders, recorded_files
from deploy.jars import is_fetched
from deploy.screen import show
from deploy.up import run


def _act(asked: Asked) -> int:
    settings, folder = asked.settings, asked.folder
    source = _source(settings.recorded_dir, folder.root)
    sys.stdout.write(f"Denyut: {source}; data in {folder.root}\n")
    if not is_fetched(settings.kafka_lib):
        sys.stdout.write("Fetching Apache Kafka with Maven: 44 MB, once …\n")
    sys.stdout.flush()
    if sys.stdout.isatty():
        _log_to(folder.logs / "supervisor.log")
    run(settings, folder, feeders, show)
    sys.stdout.write(f"Stopped. The data stays in {folder.root}; `make demo` goes on from there.\n")
    return 0


def _source(recorded: Path, data: Path) -> str:
    """In words, what will feed the stack."""
    files = recorded_files(recorded)
    unread = [path for path in files if path.name not in already_read(data)]
    if unread:
        return f"{len(unread)} recorded files of {recorded}, then simulated posts"
    if files:
        return f"simulated posts (the recorded events of {recorded} are in already)"
    return f"simulated posts (no recorded events in {recorded})"


def _log_to(path: Path) -> None:
    """Send this process' log there: the terminal belongs to the panel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=path.open("a", encoding="utf-8")))


COMMAND = Command("start the stack, feed it and show what happens, until Ctrl-C", _act, starts=True)
