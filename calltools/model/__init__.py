"""The nouns that travel through the pipeline: no I/O, no rules."""
