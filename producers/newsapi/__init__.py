"""What the newsapi collector is made of: its service, articles as posts, and a quota that is metered here."""
