"""What others wrote, bounded before it is kept or handed on: ids, sources and authors may be of any length."""

from hashlib import blake2b

_LONGEST = 200


def brief_id(post_id: str) -> str:
    """The id of a post; 64 bits of its hash where it has more than 200 bytes."""
    return post_id if len(post_id.encode()) <= _LONGEST else _hashed(post_id)


def is_id(kept: str) -> bool:
    """Whether what `brief_id` kept is the id itself: each has its platform before a colon."""
    return ":" in kept


def brief_source(source: str) -> str:
    """The first 200 characters."""
    return source[:_LONGEST]


def brief_author(author: str | None) -> str | None:
    """64 bits of a hash: who it is, is not asked of it."""
    return None if author is None else _hashed(author)


def _hashed(name: str) -> str:
    return blake2b(name.encode(), digest_size=8).hexdigest()
