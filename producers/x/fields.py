"""The fields of posts and their authors that X is asked for."""

TWEET = ["author_id", "created_at", "lang", "note_tweet", "public_metrics", "referenced_tweets"]
USER = ["name", "public_metrics", "username", "verified"]
