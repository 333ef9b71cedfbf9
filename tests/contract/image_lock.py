"""Writes deploy/image.lock and deploy/build.lock: what of requirements.lock the container image and its build need."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
_OMITTED = frozenset({"chdb", "chdb-core"})
"""The embedded ClickHouse engine: the image has a server beside it."""
WANTED = {ROOT / "deploy" / "image.lock": "denyut[all]", ROOT / "deploy" / "build.lock": "hatchling"}


def blocks() -> dict[str, str]:
    """Package to its lines in the lock, hashes included."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8").strip()):
        found[canonicalize_name(re.split(r"[=\[ ]", block, maxsplit=1)[0])] = block
    return found


def closure(wanted: str) -> set[str]:
    """Every package that `wanted`, as installed here, needs on this platform, itself included."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(wanted)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *sorted(requirement.extras)):
            if name in _OMITTED or (name, extra) in seen:
                continue
            seen.add((name, extra))
            waiting += _needs(name, extra)
    return {name for name, _ in seen}


def _needs(name: str, extra: str) -> Iterable[Requirement]:
    if name == "denyut":  # what is installed may be of an older pyproject.toml
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
        yield from map(Requirement, lines)
        return
    for line in requires(name) or ():
        requirement = Requirement(line)
        # Without an extra asked for, what no extra guards; with one, what only it brings.
        plain = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        asked = requirement.marker is not None and requirement.marker.evaluate({"extra": extra})
        if plain if not extra else asked and not plain:
            yield requirement


def part(wanted: str) -> str:
    """The lock of `wanted`."""
    known = blocks()
    names = closure(wanted) - {"denyut"}
    missing = names - known.keys()
    if missing:
        raise LookupError(f"requirements.lock lacks {sorted(missing)}")
    return "".join(f"{known[name]}\n" for name in sorted(names))


if __name__ == "__main__":
    for path, wanted in WANTED.items():
        path.write_text(part(wanted), encoding="utf-8")
