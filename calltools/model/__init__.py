"""The nouns that travel along the line: no I/O, no rules."""
