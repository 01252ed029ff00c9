"""The work on each batch up to the proof that a record is clean: in threads, or in a forked process."""
