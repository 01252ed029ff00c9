"""What can be wrong: the catalog, and the tests that are not about one cell."""
