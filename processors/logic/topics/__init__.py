"""Topics: which stories speak of the same, told by their words and pairs of words over a rolling window."""
