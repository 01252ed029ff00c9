"""The schema of `pandera_schema.py` with a check on each phone that asks phonenumbers."""

import pandera.pandas as pa
import phonenumbers
from pandera_schema import main, schema


def is_valid(phone: str) -> bool:
    """Whether a number is of an assigned range."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


schema.columns["PhoneNumber"].checks.append(pa.Check(is_valid, element_wise=True, name="number"))

if __name__ == "__main__":
    main()
