"""What others wrote, bounded before it is kept or handed on: ids, sources, authors and platforms may be of any length.

Rows are JSON, where a control character takes six bytes: so ids are bounded as they stand there.
"""

from hashlib import blake2b

import orjson

_LONGEST = 200


def brief_id(post_id: str) -> str:
    """The id of a post; 64 bits of its hash where it has more than 200 bytes in JSON."""
    return post_id if len(orjson.dumps(post_id)) - 2 <= _LONGEST else _hashed(post_id)


def is_id(kept: str) -> bool:
    """Whether what `brief_id` kept is the id itself: each has its platform before a colon."""
    return ":" in kept


def brief_name(name: str) -> str:
    """Of a source or a platform the first 200 characters."""
    return name[:_LONGEST]


def brief_author(author: str | None) -> str | None:
    """64 bits of a hash: who it is, is not asked of it."""
    return None if author is None else _hashed(author)


def _hashed(name: str) -> str:
    return blake2b(name.encode(), digest_size=8).hexdigest()
