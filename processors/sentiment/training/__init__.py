"""From data to bundle: needs the extra `denyut[bundles]`; learning the deep part needs `denyut[train]`, torch among it."""
