"""Pairs of words that nobody listed, and that suddenly occur together much more often than usual."""
