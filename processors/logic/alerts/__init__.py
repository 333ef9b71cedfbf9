"""Alerts: which rules watch a subject, whether what happened is worth an alert, and whether it was told before."""
