"""The canary among a collector's sources: each run of it is a question that must have an answer, and publishes nothing."""

CANARY = "canary"
"""Its name, in runs and metrics."""
