"""The work on batches before pandera speaks: in threads, or in a second process."""
