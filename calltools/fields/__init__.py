"""What a call is: the one table of canonical fields, and the kinds of their cells."""
