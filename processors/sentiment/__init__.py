"""Sentiment and emotion of texts from an ONNX bundle: run time, training and evaluation."""

from processors.sentiment.bundle import Bundle, load
from processors.sentiment.model import Score, SentimentModel

__all__ = ["Bundle", "Score", "SentimentModel", "load"]
