"""How the work on batches is spread: over threads, a forked process, and a thread that finishes groups."""
