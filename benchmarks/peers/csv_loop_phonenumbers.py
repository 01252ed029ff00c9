"""The loop of `csv_loop.py` that asks phonenumbers about each number, as its documentation shows."""

import csv_loop
import phonenumbers


def is_valid(phone: str) -> bool:
    """Whether a number is of an assigned range."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


if __name__ == "__main__":
    csv_loop.main(is_valid)
