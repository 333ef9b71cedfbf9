"""Recorded events: bounded lines of a file, and what one line says, as posts and candles."""
