"""What marks tell of a run is what coverage.py's trace function tells of it."""

import importlib
import sys
import traceback
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from tests.support.covering.importing import Passed, begin
from tests.support.covering.marks import HITS
from tests.support.covering.report import resolved

SAMPLE = '''"""A docstring stays one."""
from __future__ import annotations
import contextlib
import enum
from dataclasses import dataclass

class Kind(enum.Enum):
    """Members are what they were."""
    A = 1
    B = 2

@dataclass(
    frozen=True
)
class Pair:
    left: int
    right: int = 0

    @property
    @staticmethod
    def never():
        return 0

def conditions(n):
    """Its own docstring."""
    if n > 2:
        found = "many"
    elif n == 2:
        found = "two"
    else:
        found = "few"
    if (
        n == 1
        and found
    ):
        pass
    if n == 3:
        return "three"

def loops(n):
    for one in range(n):
        if one == 2:
            break
        if one == 1:
            continue
    else:
        found = 1
    while n > 0:
        n -= 1
        if n == 5:
            break
    for _ in ():
        found = 2
    while True:
        n += 1
        if n > 3:
            return n

def cases(n):
    match n:
        case 0 | 1:
            found = "small"
        case int() if n == 2:
            found = "two"
        case [one]:
            found = one
        case str():
            return n
    match n:
        case 7:
            return found
        case _:
            return None

def errors(n):
    global seen
    try:
        try:
            if n == 1:
                raise KeyError(n)
            if n == 2:
                raise ValueError(n)
            if n == 3:
                raise RuntimeError(n)
        except KeyError:
            seen = 1
        except (ValueError, TypeError) as error:
            seen = error
        else:
            seen = 0
        finally:
            if n == 4:
                seen = 4
            n += 0
    except:
        seen = None
    with contextlib.suppress(ZeroDivisionError):
        if n == 2:
            1 / 0
            seen = "never"
    with contextlib.nullcontext(), contextlib.suppress(KeyError):
        for one in range(n):
            if one == 1:
                return one

async def later(n):
    async with nothing():
        async for one in each(n):
            if one:
                return one

@contextlib.asynccontextmanager
async def nothing():
    yield

async def each(n):
    for one in range(n):
        yield one

def driven(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value

def unused(n):  # pragma: no cover
    return [one for one in n if one]

for number in NUMBERS:
    with contextlib.suppress(UnboundLocalError):
        cases(number)
    conditions(number)
    loops(number)
    errors(number)
    driven(later(number))
'''
"""Every statement that branches, and those that must stay where they are.

No block of `finally` ends in a branch: where an exception passes through it, Python traces its last line, whether that ran or not.
"""


def told(coverage: Coverage, path: Path) -> tuple[Any, ...]:
    """The statements, what is left out, what is missing, and of each branch how many ways there are and were taken."""
    _, statements, excluded, missing, _ = coverage.analysis2(str(path))
    return statements, excluded, missing, coverage.branch_stats(str(path))


def new_coverage(path: Path) -> Coverage:
    return Coverage(data_file=None, config_file=False, branch=True, include=[str(path)])


def by_tracing(path: Path, numbers: Collection[Any]) -> tuple[Any, ...]:
    coverage = new_coverage(path)
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    with coverage.collect():
        exec(code, {"NUMBERS": numbers, "__name__": __name__})
    return told(coverage, path)


def by_marks(path: Path, numbers: Collection[Any]) -> tuple[Any, ...]:
    passed = Passed()
    code, hits = passed.code(path.read_bytes(), str(path))
    exec(code, {"NUMBERS": numbers, "__name__": __name__, HITS: hits})
    coverage = new_coverage(path)
    coverage.get_data().add_arcs({name: resolved(name, arcs) for name, arcs in passed.arcs().items()})
    return told(coverage, path)


@pytest.mark.parametrize("numbers", [(), (0,), (1,), (2,), (3,), (4,), (7,), (0, 1, 2), (1, 3, 6), range(9)])
def test_marks_tell_of_each_line_and_branch_what_a_trace_function_tells(
    tmp_path: Path, numbers: Collection[int]
) -> None:
    path = tmp_path / "sample.py"
    path.write_text(SAMPLE)
    traced = by_tracing(path, numbers)
    assert by_marks(path, numbers) == traced
    assert traced[2], "something is missing in each, or little would be compared"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Passed]:
    (tmp_path / "marked_room").mkdir()
    (tmp_path / "marked_room" / "__init__.py").write_text('"""A room."""\n')
    (tmp_path / "marked_room" / "walls.py").write_text(
        "def build(stones):\n    if stones:\n        return stones[0] / 0\n    return None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield begin(["marked_room"])
    for name in [name for name in sys.modules if name.partition(".")[0] == "marked_room"]:
        del sys.modules[name]


def test_what_is_imported_tells_what_was_run_and_where_it_failed(package: Passed) -> None:
    walls = importlib.import_module("marked_room.walls")
    (path,) = [name for name in package.arcs() if name.endswith("walls.py")]
    assert package.arcs()[path] == [(-1, 1)]
    walls.build([])
    assert package.arcs()[path] == [(-1, 1), (-1, 2), (-1, 4), (2, 0)]
    with pytest.raises(ZeroDivisionError) as raised:
        walls.build([1])
    assert [frame.lineno for frame in traceback.extract_tb(raised.tb) if frame.filename == path] == [3]
    assert package.arcs()[path] == [(-1, 1), (-1, 2), (-1, 3), (-1, 4), (2, 0), (2, 3)]


def test_other_modules_are_left_alone(package: Passed, tmp_path: Path) -> None:
    (tmp_path / "marked_roommate.py").write_text("moved_in = True\n")
    assert HITS not in vars(importlib.import_module("marked_roommate"))
    assert package.arcs() == {}
    assert HITS in vars(importlib.import_module("marked_room"))
    del sys.modules["marked_roommate"]
