"""Faust stages: raw topics become derived topics."""
