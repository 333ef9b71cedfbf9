"""How any collector reads the web: turns, limits, no way into our own network, robots.txt, articles out of pages."""
