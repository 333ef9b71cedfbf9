"""X: its API v2 through tweepy, how queries are spelled, and what a post of it becomes."""
