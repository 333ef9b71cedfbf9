"""What the cursor of a feed or a list remembers: how to ask whether it changed, and which entries are known."""

import hashlib
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

_KEPT = 1_000
_KEPT_MOST = 20_000
"""Bounds of the cursor, which has to fit into one record: 20,000 entries are 400 kB."""


class Memory(BaseModel):
    """The cursor of one feed or list. `seen` begins with the entries of its last answer."""

    model_config = ConfigDict(frozen=True)

    url: str = ""
    etag: str | None = None
    modified: str | None = None
    seen: Sequence[str] = ()

    def after(self, url: str, keys: Iterable[str], etag: str | None, modified: str | None) -> "Memory":
        """The memory after an answer with the entries `keys`: these, then as many earlier ones as there is room for."""
        last = list(dict.fromkeys(keys))
        seen = list(dict.fromkeys([*last, *self.seen]))[: max(_KEPT, min(len(last), _KEPT_MOST))]
        return Memory(url=url, etag=etag, modified=modified, seen=seen)


def key(identity: str) -> str:
    """A short stand-in for an id, or for the bytes of an entry without one."""
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:16]
