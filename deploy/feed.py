"""What feeds a demo: live feeds where the internet is there; otherwise recorded events once, then simulated posts."""

from collections.abc import Sequence
from pathlib import Path

from deploy.probes import feed_answers
from deploy.process import Process, Snapshot
from deploy.settings import DeploySettings
from deploy.stack import Stack

LIVE, REPLAY, SIMULATE = "live", "replay", "simulate"
LIVE_COLLECTORS = ("rss", "yahoo")
REMEMBERED = "replayed"
_PAST_DAYS = 31
"""How long ago recorded posts end: longer than the pause after which what is usual is learnt anew (DENYUT_QUIET_DAYS). Were they to end
now, all that is heard next would stand out against their six posts an hour."""


def is_live(settings: DeploySettings) -> bool:
    """Whether the internet is there, as far as one feed can tell within a few seconds."""
    return bool(settings.live_probe_url) and feed_answers(settings.live_probe_url, settings.live_probe_s)


def recorded_files(folder: Path) -> list[Path]:
    """The recorded event files of `folder`, by name; empty where there are none."""
    return sorted((folder / "events").glob("*.jsonl"))


def already_read(data: Path) -> set[str]:
    """The names of the recorded files that former runs on the data folder `data` read to their end."""
    remembered = data / REMEMBERED
    return set(remembered.read_text(encoding="utf-8").splitlines()) if remembered.exists() else set()


def feeders(stack: Stack, *, live: bool) -> Sequence[Process]:
    """The processes that feed `stack`; a recorded file that a former run read to its end is not read again.

    `live` is fed by news and prices alone: what is real and what is made up are not mixed.
    """
    if live:
        # Those of the setting run already.
        names = [name for name in LIVE_COLLECTORS if name not in stack.settings.collectors]
        return [stack.producer(LIVE, ["run", *names])] if names else []
    read = already_read(stack.folder.root)
    files = [path for path in recorded_files(stack.settings.recorded_dir) if path.name not in read]
    if not files:
        return [stack.producer(SIMULATE, ["run", "simulate"])]

    def remember() -> None:
        names = sorted(read | {path.name for path in files})
        (stack.folder.root / REMEMBERED).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")

    words = [
        "replay",
        *(str(path.absolute()) for path in files),
        "--shift",
        str(_PAST_DAYS),
        "--speed",
        "max",
    ]
    return [
        stack.producer(REPLAY, words, once=True, then=remember),
        stack.producer(SIMULATE, ["run", "simulate"], after=[REPLAY]),
    ]


def feeding(processes: Sequence[Snapshot]) -> str:
    """In words, what feeds the stack now."""
    states = {process.name: process.state for process in processes}
    if states.get(LIVE) == "running":
        return "RSS and Yahoo, live"
    if states.get(SIMULATE) == "running":
        return "simulated posts"
    if states.get(REPLAY) in ("starting", "running"):
        return "recorded events, at full speed, their times moved to the months before last"
    return "nothing yet"
