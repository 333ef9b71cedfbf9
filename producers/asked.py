"""Which keywords a run was asked to search for; most runs are asked for none in particular."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar


class Asked:
    """The ids of keywords that one run is to search for; `missing` are those that no collector has found among its own."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self.missing = set(self.names)


_ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)


@contextmanager
def asking(asked: Asked | None) -> Iterator[None]:
    """What this thread collects meanwhile is for `asked`."""
    before = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(before)


def asked_for(names: Sequence[str]) -> Sequence[str]:
    """Those of `names`, in their order, that the run of this thread was asked for; all of them where it was asked for none."""
    asked = _ASKED.get()
    if asked is None or not asked.names:
        return names
    asked.missing.difference_update(names)
    return [name for name in names if name in asked.names]


def is_asked() -> bool:
    """Whether the run of this thread was asked for keywords."""
    asked = _ASKED.get()
    return asked is not None and bool(asked.names)
