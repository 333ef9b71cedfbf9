"""Imports our rooms with marks in them, and knows what was passed."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.support.covering.marks import HITS, Arc, marked


class Passed:
    """By file: the arcs that were run."""

    def __init__(self) -> None:
        self._files: dict[str, list[tuple[list[bool], list[list[Arc]]]]] = {}

    def code(self, source: bytes, filename: str) -> tuple[CodeType, list[bool]]:
        """A file's code with marks, and what the code needs as its global HITS; all runs of a file count."""
        tree, marks = marked(source, filename)
        hits = [False] * len(marks)
        self._files.setdefault(filename, []).append((hits, marks))
        return compile(tree, filename, "exec", dont_inherit=True), hits

    def arcs(self) -> dict[str, list[Arc]]:
        """What was run until now."""
        return {
            filename: sorted(
                {
                    arc
                    for hits, marks in runs
                    for hit, arcs in zip(hits, marks, strict=True)
                    if hit
                    for arc in arcs
                }
            )
            for filename, runs in self._files.items()
        }


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, passed: Passed) -> None:
        super().__init__(name, path)
        self._passed = passed

    def exec_module(self, module: ModuleType) -> None:
        path = self.get_filename(module.__name__)
        code, hits = self._passed.code(self.get_data(path), path)
        vars(module)[HITS] = hits
        exec(code, vars(module))


class _Finder(MetaPathFinder):
    def __init__(self, rooms: Sequence[str], passed: Passed) -> None:
        self._rooms = frozenset(rooms)
        self._passed = passed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._rooms:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path, self._passed)
        return spec


def begin(rooms: Sequence[str]) -> Passed:
    """From now on, modules of these packages are imported with marks in them."""
    passed = Passed()
    sys.meta_path.insert(0, _Finder(rooms, passed))
    return passed
