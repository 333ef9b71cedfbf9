"""What each collector needs, costs, sees and does not see, and whose terms apply: a TOML file of its name."""
