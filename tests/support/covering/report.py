"""What was run, told by coverage.py: its table, its data file, its rules of what lines and branches there are."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TextIO

from coverage import Coverage
from coverage.parser import PythonParser

from tests.support.covering.marks import ELSEWHERE, Arc

ROOT = Path(__file__).parents[3]


def rooms(coverage: Coverage) -> list[str]:
    """The packages that are measured, by the settings in pyproject.toml."""
    named = coverage.get_option("run:source")
    if not isinstance(named, list):
        raise TypeError("pyproject.toml says of no package that it is measured")
    return named


def report(coverage: Coverage, passed: Mapping[str, Collection[Arc]], output: TextIO) -> float:
    """Keep the data of this run only, and print the table; the total in percent."""
    coverage.erase()
    data = coverage.get_data()
    data.add_arcs({filename: resolved(filename, arcs) for filename, arcs in passed.items()})
    data.touch_files(_files(coverage))
    coverage.save()
    return coverage.report(file=output)


def resolved(filename: str, arcs: Collection[Arc]) -> set[Arc]:
    """An arc to elsewhere leads to all that coverage.py holds possible, but for the block: the first line below."""
    known = {arc for arc in arcs if arc[1] != ELSEWHERE}
    left = {start for start, end in arcs if end == ELSEWHERE}
    if not left:
        return known
    parser = PythonParser(filename=filename)
    parser.parse_source()
    ends: dict[int, set[int]] = defaultdict(set)
    for start, end in parser.arcs():
        ends[start].add(end)
    for start in left:
        block = min((end for end in ends[start] if end > start), default=None)
        known |= {(start, end) for end in ends[start] if end != block}
    return known


def _files(coverage: Coverage) -> list[str]:
    """Also what nothing imported, where a package has it."""
    return [
        str(path)
        for room in rooms(coverage)
        for path in (ROOT / room).rglob("*.py")
        if (path.parent / "__init__.py").exists()
    ]
