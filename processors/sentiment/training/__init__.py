"""Training of the bundle: needs the extra `denyut[train]`, and torch for the deep part."""
