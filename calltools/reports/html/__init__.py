"""One page that opens anywhere: what is wrong, where it sits, and what the calls look like."""
