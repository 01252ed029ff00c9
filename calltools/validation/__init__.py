"""Rules applied: which ones, to which records, and with what verdict."""
