"""Choices of questions that have more answers than a list can hold: zones, countries, currencies of our readers."""

from typing import Final

from calltools.guide.question import Choice, Sentence
from calltools.texts import cities

# One row is one choice: value, English, Russian, other words in lower case.
_REGIONS: Final = (
    ("RU", "Russia", "Россия", "рф"),
    ("KZ", "Kazakhstan", "Казахстан"),
    ("BY", "Belarus", "Беларусь", "белоруссия"),
    ("UA", "Ukraine", "Украина"),
    ("UZ", "Uzbekistan", "Узбекистан"),
    ("AM", "Armenia", "Армения"),
    ("GE", "Georgia", "Грузия"),
    ("KG", "Kyrgyzstan", "Кыргызстан", "киргизия"),
    ("AZ", "Azerbaijan", "Азербайджан"),
    ("TR", "Turkey", "Турция"),
    ("DE", "Germany", "Германия"),
    ("GB", "United Kingdom", "Великобритания"),
    ("US", "United States", "США"),
)
_CURRENCIES: Final = (
    ("RUB", "Russian rubles", "российские рубли", "руб", "рубли", "₽", "rub"),
    ("KZT", "tenge", "тенге", "₸"),
    ("BYN", "Belarusian rubles", "белорусские рубли"),
    ("UZS", "sum", "сумы", "сум"),
    ("USD", "US dollars", "доллары США", "$", "доллары", "dollars"),
    ("EUR", "euros", "евро", "€"),
)


def _choices(rows: tuple[tuple[str, ...], ...]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, Sentence((english, russian)), also=tuple(more)) for value, english, russian, *more in rows
    )


ZONES: Final = _choices(cities.ZONES)
REGIONS: Final = _choices(_REGIONS)
CURRENCIES: Final = _choices(_CURRENCIES)
