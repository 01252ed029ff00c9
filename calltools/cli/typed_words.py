"""Words that a person types at a question, in both languages, whatever is asked."""

from typing import Final

YES: Final = frozenset({"y", "yes", "д", "да"})
NO: Final = frozenset({"", "n", "no", "н", "нет"})
#: They lead to the question before.
BACK: Final = frozenset({"back", "<", "назад"})
#: They ask what may be answered.
HELP: Final = frozenset({"?", "help", "помощь", "справка"})


class BackError(Exception):
    """The person wants to change an answer: back to the question before."""
