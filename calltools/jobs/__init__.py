"""Jobs: inputs converted, their calls sent, and put away, so that a schedule can run them again and again."""
