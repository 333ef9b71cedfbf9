"""Influencers: who is heard, how far, by what they write and by what follows it; and what looks like nobody's own writing."""
