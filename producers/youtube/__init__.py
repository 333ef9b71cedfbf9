"""YouTube: its Data API v3, what a day's quota allows, and what a video or comment of it becomes."""
