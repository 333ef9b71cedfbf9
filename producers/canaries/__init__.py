"""Canaries: a known question to a source, asked every hour, whose answer must not be empty."""
