"""What a call is: the table of canonical fields, and the kinds of their values."""
