"""The guided run: what a person must say before calls can be converted and sent, why, and what each answer changes.

The command line, ``vendors new``, the library and a page of the browser ask the same questions.
Nothing is printed here.
"""

from calltools.guide.answers import Answers, apply_answers, option_words, refuse_unknown_answers
from calltools.guide.counters import ask_about_upload
from calltools.guide.inspection import InspectedFile, Inspection, inspect
from calltools.guide.question import NOTHING, Choice, Example, Found, Question, Sentence, read_answer

__all__ = [
    "NOTHING",
    "Answers",
    "Choice",
    "Example",
    "Found",
    "InspectedFile",
    "Inspection",
    "Question",
    "Sentence",
    "apply_answers",
    "ask_about_upload",
    "inspect",
    "option_words",
    "read_answer",
    "refuse_unknown_answers",
]
