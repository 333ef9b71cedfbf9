"""One collector per module; `producers.registry` lists them."""
