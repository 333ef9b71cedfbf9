"""What the sites collector is made of: outlets as data, links off their lists, pages as posts, what is left to read."""
