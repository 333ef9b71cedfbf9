"""Logs of processes: bounded in size, without the writer knowing, and their last lines."""

import shutil
from pathlib import Path

KEPT = 3
"""Old files per log: NAME.log.1 (newest) to NAME.log.3."""
_TAIL_BYTES = 4096


def rotate(path: Path, most_bytes: int) -> bool:
    """Rotate the log at `path` if it is larger than `most_bytes`; whether it was.

    The writer has the file open for appending and keeps it: the file is copied, then emptied. What is
    written between the two is lost, which is the price of processes that need no pipe to live.
    """
    if not path.exists() or path.stat().st_size <= most_bytes:
        return False
    for age in range(KEPT, 1, -1):
        older = _aged(path, age - 1)
        if older.exists():
            older.replace(_aged(path, age))
    shutil.copyfile(path, _aged(path, 1))
    with path.open("r+b") as file:
        file.truncate(0)
    return True


def last_line(path: Path) -> str:
    """The last line in it that is not empty, or '' without one."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _aged(path: Path, age: int) -> Path:
    return path.with_name(f"{path.name}.{age}")
