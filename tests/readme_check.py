"""Runs every command of the README from a clean clone in an empty home directory, as a new user would.

Commands are the lines of ```sh blocks. A block that begins with a comment `# readme-check: until PATTERN` is started, must print
what the pattern matches, and is then ended by Ctrl-C; `# readme-check: skip REASON` names a block that cannot run here.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATIENCE_S = 1800


@dataclass(frozen=True, slots=True)
class Block:
    """One block of commands; `until` is the pattern after which it is interrupted, `skip` the reason it is not run."""

    commands: str
    until: str | None
    skip: str | None


def blocks(readme: str) -> list[Block]:
    """The command blocks of a README, in order."""
    found = []
    for text in _BLOCK.findall(readme):
        until = re.search(r"^# readme-check: until (.+)$", text, re.MULTILINE)
        skip = re.search(r"^# readme-check: skip (.+)$", text, re.MULTILINE)
        found.append(Block(text.strip(), until and until[1].strip(), skip and skip[1].strip()))
    return found


def run(block: Block, clone: Path, environment: dict[str, str]) -> bool:
    """Run one block in the clone; whether it did what it should."""
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block.commands],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    deadline = time.monotonic() + _PATIENCE_S
    met = block.until is None
    for line in process.stdout:
        sys.stdout.write(f"    {line}")
        if block.until is not None and not met and re.search(block.until, line):
            met = True
            os.killpg(process.pid, signal.SIGINT)
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            met = False
    code = process.wait()
    # A command interrupted on purpose ends by that interrupt, 130 from the shell or from make (2).
    return met and (code == 0 or block.until is not None)


def main(arguments: list[str] | None = None) -> int:
    """Check them all, or all but those with `--without TEXT` in them; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.readme_check")
    parser.add_argument("--without", metavar="TEXT", help="leave out blocks that contain this")
    without = parser.parse_args(arguments).without
    found = [
        block
        for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if not without or without not in block.commands
    ]
    with tempfile.TemporaryDirectory(prefix="denyut-readme-") as folder:
        home, clone = Path(folder) / "home", Path(folder) / "work" / "denyut"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        shared = ROOT.parent / "shared"
        if shared.exists():
            (clone.parent / "shared").symlink_to(shared)
        dropped = ("DENYUT_", "PYTHON", "VIRTUAL_ENV", "COVERAGE", "MAKE", "MFLAGS")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        environment["HOME"] = str(home)
        failed = 0
        for block in found:
            print(f"$ {block.commands}", flush=True)
            if block.skip:
                print(f"  skipped: {block.skip}")
                continue
            started = time.monotonic()
            good = run(block, clone, environment)
            failed += not good
            print(f"  {'ok' if good else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
