"""Collectors: the outside world becomes events on the raw topics."""
