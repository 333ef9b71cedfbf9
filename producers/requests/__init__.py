"""Requests: what collectors are asked to do now, read from the topic, judged, owed and answered by runs."""
