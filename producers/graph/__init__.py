"""Meta's Graph API, as it serves Facebook's pages and Instagram's hashtags."""
