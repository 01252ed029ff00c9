"""What ``import calltools`` offers: the same as the command line, as functions and values. Nothing is printed here."""
