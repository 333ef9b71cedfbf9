"""Route groups, one per file."""
