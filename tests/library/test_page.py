"""The examples of ``calltools/LIBRARY.md`` are true."""

import doctest
from pathlib import Path

import calltools

PAGE = Path(calltools.__file__).parent / "LIBRARY.md"


def test_the_examples_of_the_page_are_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS)

    assert tried
    assert not failed
