"""Models of others: fetched from the Hub, made into a bundle once, kept."""

from processors.sentiment.hub.converting import converted

__all__ = ["converted"]
