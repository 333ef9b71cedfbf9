"""Derived topics land in ClickHouse and leave as notifications."""
