"""Reddit: its listings through Async PRAW, what of them is new, and what a post or comment of it becomes."""
