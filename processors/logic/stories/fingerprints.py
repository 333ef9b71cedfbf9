"""Fingerprints: what `stories` must know of a mention, and how far a partition of posts has been read."""

from processors.logic.partials import author_of, engagement_of, subjects_of
from processors.logic.stories.signature import SIZE, Signature
from schemas.errors import Poison
from schemas.events import Fingerprint, Mention

EXCERPT = 280
"""Characters of title and text that are kept."""

WATERMARK = "watermark"
"""The kind of a fingerprint that carries no post, only how far a partition of posts is."""

SHORT = "short"
"""The kind of a fingerprint whose post says too little to be a story; its words count all the same."""


def fingerprint_of(
    mention: Mention, text: str, signature: Signature | None, source_partition: int, watermark: int
) -> Fingerprint:
    """The fingerprint of a mention; `text` is all that it says, cleaned, `watermark` that of its partition before it."""
    return {
        "post_id": mention["id"],
        "kind": SHORT if signature is None else mention["kind"],
        "platform": mention["platform"],
        "source": mention["source"],
        "url": mention["url"],
        "author": author_of(mention),
        "parent_id": mention["parent_id"],
        "sentiment": mention["sentiment"],
        "engagement": engagement_of(mention),
        "subjects": [f"{kind}:{subject}" for kind, subject in subjects_of(mention) if kind != "all"],
        "excerpt": text[:EXCERPT],
        "shingles": 0 if signature is None else signature.shingles,
        "signature": b"" if signature is None else signature.hashes,
        "day_only": mention["published_precision"] == "day",
        "event_at": mention["event_at"],
        "collected_at": mention["collected_at"],
        "source_partition": source_partition,
        "watermark": watermark,
        "idle": False,
        "enriched_at": mention["enriched_at"],
    }


def watermark_fingerprint(
    source_partition: int, watermark: int, enriched_at: int, *, idle: bool
) -> Fingerprint:
    """A fingerprint without a post: that partition of posts has been read up to `watermark`, and to its end if `idle`."""
    return {
        "post_id": "",
        "kind": WATERMARK,
        "platform": "",
        "source": "",
        "url": None,
        "author": None,
        "parent_id": None,
        "sentiment": "",
        "engagement": 0,
        "subjects": [],
        "excerpt": "",
        "shingles": 0,
        "signature": b"",
        "day_only": False,
        "event_at": watermark,
        "collected_at": enriched_at,
        "source_partition": source_partition,
        "watermark": watermark,
        "idle": idle,
        "enriched_at": enriched_at,
    }


def check(told: Fingerprint) -> None:
    """Raise Poison (invalid) where a post's fingerprint cannot be compared or counted."""
    size = len(told["signature"])
    kept = min(told["shingles"], SIZE)
    if (kept < 1 and told["kind"] != SHORT) or size != 4 * kept:
        raise Poison("invalid", f"{size} bytes are no signature of {told['shingles']} runs")
    if told["sentiment"] not in ("positive", "negative", "neutral"):
        raise Poison("invalid", f"no sentiment {told['sentiment']!r}")
    if not told["post_id"]:
        raise Poison("invalid", "a fingerprint of no post")
