"""What waits for a client that does not take it as fast as it comes: all of it in order, or the newest of each key."""

from collections import OrderedDict
from typing import Protocol

from api.frames import Batch, Frame


class Backlog(Protocol):
    """Frames in order; `size` is the sum of their bytes."""

    size: int

    def __len__(self) -> int: ...

    def add(self, one: Frame) -> None:
        """Let it wait, after all others."""

    def take(self, size: int) -> Batch:
        """The oldest frames, about `size` bytes of them, at least one. There must be one."""

    def clear(self) -> None:
        """Forget all."""


class Everything:
    """Each frame waits."""

    __slots__ = ("_frames", "size")

    def __init__(self) -> None:
        self.size = 0
        # Most clients never have one; an empty deque takes ten times an empty list.
        self._frames: list[Frame] = []

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, one: Frame) -> None:
        """Let it wait, after all others."""
        self._frames.append(one)
        self.size += len(one.data)

    def take(self, size: int) -> Batch:
        """The oldest frames, about `size` bytes of them."""
        bound = self.size - size
        count = 0
        while count < len(self._frames) and (not count or self.size > bound):
            self.size -= len(self._frames[count].data)
            count += 1
        taken, self._frames = self._frames[:count], self._frames[count:]
        return Batch(taken)

    def clear(self) -> None:
        """Forget all."""
        self._frames.clear()
        self.size = 0


class Newest:
    """Of frames with the same key only the newest waits, in the place of the newest: positions never go back."""

    __slots__ = ("_frames", "_keyless", "size")

    def __init__(self) -> None:
        self.size = 0
        self._keyless = 0
        self._frames: OrderedDict[bytes | int, Frame] = OrderedDict()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, one: Frame) -> None:
        """Let it wait, after all others, in place of an older one of its key."""
        key: bytes | int = one.key
        if not key:
            key = self._keyless = self._keyless + 1
        older = self._frames.pop(key, None)
        self._frames[key] = one
        self.size += len(one.data) - (len(older.data) if older is not None else 0)

    def take(self, size: int) -> Batch:
        """The oldest frames, about `size` bytes of them."""
        taken: list[Frame] = []
        bound = self.size - size
        while self._frames and (not taken or self.size > bound):
            _, one = self._frames.popitem(last=False)
            taken.append(one)
            self.size -= len(one.data)
        return Batch(taken)

    def clear(self) -> None:
        """Forget all."""
        self._frames.clear()
        self.size = 0
