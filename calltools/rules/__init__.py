"""RULES, the catalog of what can be wrong, and the tests of rules on more than one cell."""
