"""What the kaskus collector is made of: forums as data, threads as posts."""
