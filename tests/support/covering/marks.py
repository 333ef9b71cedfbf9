"""Marks in a module's code, one a statement: which lines and branches have run, told without a trace function.

A trace function is called for every line, each time it runs, and makes Python three to four times slower (3.11 knows no cheaper way).
A mark is a store into a list of the module's own.
"""

import ast
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

Arc: TypeAlias = tuple[int, int]
"""From one line to the next one, as coverage.py has them; a branch is known by its arcs."""

HITS = "__hits__"
"""The global of a marked module: for each of its marks, in their order, whether it was passed."""
RUN = -1
"""From here to a line: it ran."""
ELSEWHERE = 0
"""To here from a line that may branch: on to whatever follows, not into its block."""


def marked(source: bytes, filename: str) -> tuple[ast.Module, list[list[Arc]]]:
    """The module with its marks, and for each mark the arcs it stands for."""
    tree = ast.parse(source, filename)
    marking = _Marking()
    tree.body = marking.suite(tree.body)
    return tree, marking.marks


def _first(statement: ast.stmt) -> int:
    """The line a statement begins at: of its first decorator, where it has one."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _lines(statement: ast.stmt) -> set[int]:
    """The lines that run when it begins."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return {statement.lineno, *(decorator.lineno for decorator in decorators)}


def _stays_first(statement: ast.stmt) -> bool:
    """Whether nothing may stand before it: a docstring, and what changes how the file is read."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _matches_all(case: ast.match_case) -> bool:
    """Whether the compiler allows no case after it."""
    pattern: ast.pattern | None = case.pattern
    while isinstance(pattern, ast.MatchAs | ast.MatchOr):
        pattern = pattern.patterns[-1] if isinstance(pattern, ast.MatchOr) else pattern.pattern
    return pattern is None and case.guard is None


class _Marking:
    """Puts marks into suites, and numbers them."""

    def __init__(self) -> None:
        self.marks: list[list[Arc]] = []

    def suite(self, body: Sequence[ast.stmt], arcs: Iterable[Arc] = ()) -> list[ast.stmt]:
        """A suite with its marks; it was come to by these arcs."""
        made: list[ast.stmt] = []
        waiting = list(arcs)
        for statement in body:
            lines = [(RUN, line) for line in sorted(_lines(statement))]
            self._inside(statement)
            if _stays_first(statement):
                made.append(statement)
                waiting += lines
                continue
            made += [self._mark([*waiting, *lines], _first(statement)), statement]
            waiting = []
        if waiting:
            made.append(self._mark(waiting, body[-1].lineno))
        return made

    def _mark(self, arcs: Iterable[Arc], line: int) -> ast.stmt:
        at = _at(line)
        hits, number = ast.Name(HITS, ast.Load(), **at), ast.Constant(self._number(arcs), **at)
        passed = ast.Constant(value=True, **at)
        return ast.Assign([ast.Subscript(hits, number, ast.Store(), **at)], passed, **at)

    def _number(self, arcs: Iterable[Arc]) -> int:
        self.marks.append(list(arcs))
        return len(self.marks) - 1

    def _inside(self, statement: ast.stmt) -> None:
        match statement:
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
                self._branch(statement)
            case ast.Match():
                self._cases(statement)
            case ast.Try() | ast.TryStar():
                self._try(statement)
            case ast.With() | ast.AsyncWith() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                statement.body = self.suite(statement.body)
            case _:
                pass

    def _branch(self, statement: ast.If | ast.For | ast.AsyncFor | ast.While) -> None:
        line = statement.lineno
        statement.body = self.suite(statement.body, [(line, _first(statement.body[0]))])
        if statement.orelse:
            statement.orelse = self.suite(statement.orelse, [(line, _first(statement.orelse[0]))])
        else:
            statement.orelse = [self._mark([(line, ELSEWHERE)], line)]

    def _cases(self, statement: ast.Match) -> None:
        tried: list[Arc] = []
        for case in statement.cases:
            line = case.pattern.lineno
            tried = [*tried, (tried[-1][1], line)] if tried else [(RUN, line)]
            case.body = self.suite(case.body, [*tried, (line, _first(case.body[0]))])
        last = statement.cases[-1]
        if not _matches_all(last):
            none = self._mark([*tried, (last.pattern.lineno, ELSEWHERE)], last.pattern.lineno)
            wildcard = ast.copy_location(ast.MatchAs(), last.pattern)
            statement.cases.append(ast.match_case(pattern=wildcard, guard=None, body=[none]))

    def _try(self, statement: ast.Try | ast.TryStar) -> None:
        statement.body = self.suite(statement.body)
        for handler in statement.handlers:
            arc = (RUN, handler.lineno)
            if handler.type is None:
                handler.body = self.suite(handler.body, [arc])
                continue
            # What an exception is compared with is asked for only once there is one: `__hits__.__setitem__(…, True) or …`.
            at = _at(handler.lineno)
            hits, number = ast.Name(HITS, ast.Load(), **at), ast.Constant(self._number([arc]), **at)
            store = ast.Attribute(hits, "__setitem__", ast.Load(), **at)
            passed = ast.Call(store, [number, ast.Constant(value=True, **at)], [], **at)
            handler.type = ast.BoolOp(ast.Or(), [passed, handler.type], **at)
            handler.body = self.suite(handler.body)
        statement.orelse = self.suite(statement.orelse)
        statement.finalbody = self.suite(statement.finalbody)


def _at(line: int) -> dict[str, Any]:
    """Where code of ours stands in the file: at the beginning of a line."""
    return {"lineno": line, "end_lineno": line, "col_offset": 0, "end_col_offset": 0}
