"""What the rss collector is made of: the list of feeds, a careful fetch, entries as posts, what was seen already."""
