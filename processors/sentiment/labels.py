"""What the two heads can say: the words that events carry."""

from typing import Literal, get_args

Sentiment = Literal["negative", "neutral", "positive"]
Emotion = Literal["anger", "fear", "joy", "love", "neutral", "sadness"]

SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)
EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
HEADS: dict[str, tuple[str, ...]] = {"sentiment": SENTIMENTS, "emotion": EMOTIONS}
