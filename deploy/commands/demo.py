"""`demo`: the stack, fed and shown, until Ctrl-C."""

import sys
from pathlib import Path

import structlog

from deploy.commands.base import Asked, Command
from deploy.feed import feeders, recorded_files
from deploy.jars import is_fetched
from deploy.screen import show
from deploy.up import run


def _act(asked: Asked) -> int:
    settings, folder = asked.settings, asked.folder
    files = recorded_files(settings.recorded_dir)
    source = (
        f"{len(files)} recorded files of {settings.recorded_dir}, then simulated posts"
        if files
        else f"simulated posts (no recorded events in {settings.recorded_dir})"
    )
    sys.stdout.write(f"Denyut: {source}; data in {folder.root}\n")
    if not is_fetched(settings.kafka_lib):
        sys.stdout.write("Fetching Apache Kafka with Maven: 44 MB, once …\n")
    sys.stdout.flush()
    if sys.stdout.isatty():
        _log_to(folder.logs / "supervisor.log")
    run(settings, folder, feeders, show)
    sys.stdout.write(f"Stopped. The data stays in {folder.root}; `make demo` goes on from there.\n")
    return 0


def _log_to(path: Path) -> None:
    """Send this process' log there: the terminal belongs to the panel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=path.open("a", encoding="utf-8")))


COMMAND = Command("start the stack, feed it and show what happens, until Ctrl-C", _act, starts=True)
