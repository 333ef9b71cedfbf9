"""Reads posts: what a text says, of whom, in which language and mood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.logic.clean import clean
from processors.logic.fingerprint import fingerprint
from processors.logic.folded import fold
from processors.logic.hashtags import hashtags_in
from processors.logic.keywords import KeywordIndex
from processors.logic.language import detect
from processors.logic.scores import ScoreCache
from processors.logic.stories.signature import Signature, signature
from processors.logic.symbols import symbols_in
from processors.logic.terms import terms_of
from schemas.events import Mention, Post


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in Kafka a post stood."""

    topic: str
    partition: int
    offset: int


class Read(NamedTuple):
    """A mention with what is known of its text besides: its terms, the text itself, cleaned, and its signature if it is long enough."""

    mention: Mention
    terms: list[str]
    text: str
    signature: Signature | None


class Reader:
    """Turns posts into mentions. Takes milliseconds a post: runs in a thread, one call at a time."""

    def __init__(self, keywords: KeywordIndex, scores: ScoreCache) -> None:
        self._keywords = keywords
        self._scores = scores

    def mentions(self, posts: Sequence[tuple[Origin, Post]], enriched_at: int) -> list[Read]:
        """The mention of each post, in order."""
        cleaned = [clean(said(post)) for _, post in posts]
        scores = self._scores.score([text for text, _ in cleaned])
        read = []
        for (origin, post), (text, truncated), score in zip(posts, cleaned, scores, strict=True):
            folded = fold(text)
            language = detect(text)
            mention: Mention = {
                **{name: value for name, value in post.items() if name != "raw"},  # type: ignore[typeddict-item]  # a Mention has all other fields of a Post
                "symbols": symbols_in(text, folded, post["symbols"]),
                "language": language,
                "sentiment": score.sentiment,
                "confidence": score.confidence,
                "positive": score.positive,
                "negative": score.negative,
                "neutral": score.neutral,
                "emotion": score.emotion,
                "emotion_confidence": score.emotion_confidence,
                "emotions": score.emotions,
                "keywords": self._keywords.find(folded, language),
                "hashtags": hashtags_in(folded),
                "fingerprint": fingerprint(folded),
                "truncated": truncated or score.truncated,
                "model_version": self._scores.model_version,
                "enriched_at": enriched_at,
                "origin_topic": origin.topic,
                "origin_partition": origin.partition,
                "origin_offset": origin.offset,
            }
            read.append(Read(mention, terms_of(folded, language), text, signature(folded)))
        return read


def said(post: Post) -> str:
    """All that a post says: its headline, where its text does not begin with it, and its text."""
    title = (post["title"] or "").strip()
    text = post["text"]
    if not title or text.lstrip().startswith(title):
        return text
    return f"{title}\n{text}"
