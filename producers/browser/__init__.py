"""Pages that scripts make: a browser that has nothing but a gate to the public internet, a time and a memory."""
