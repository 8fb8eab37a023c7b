"""Pages are as the code has them; ``python -m tools.reference_pages`` makes them anew."""

from __future__ import annotations

import re

import pytest

from tools.reference_pages import DOCS, PAGES, PAGES_OF_KEYS, made_anew, main


@pytest.mark.parametrize("name", [*PAGES, *PAGES_OF_KEYS])
def test_a_page_is_as_the_code_has_it(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    assert made_anew(name, text) == text


def test_only_the_made_part_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tools.reference_pages.DOCS", tmp_path)
    for name in PAGES:
        text = (DOCS / name).read_text(encoding="utf-8")
        before, marker, rest = text.partition(f"<!-- made from {PAGES[name][0]} -->\n")
        (tmp_path / name).write_text(f"{before}{marker}gone\n{rest[rest.index('<!-- end -->') :]}", encoding="utf-8")
    for name in PAGES_OF_KEYS:
        text = (DOCS / name).read_text(encoding="utf-8")
        changed = re.sub(r"from SubmitJob to RUNNABLE|of each attempt", "gone", text)
        assert changed != text
        (tmp_path / name).write_text(changed, encoding="utf-8")
    assert main(["--check"]) == 1
    assert "docs/rules.md is not as the code has it" in capsys.readouterr().out
    assert main([]) == 0
    assert all((tmp_path / name).read_bytes() == (DOCS / name).read_bytes() for name in (*PAGES, *PAGES_OF_KEYS))
    assert main(["--check"]) == 0


def test_a_page_that_does_not_say_where_is_told():
    with pytest.raises(ValueError, match=r"rules\.md has no part between"):
        made_anew("rules.md", "# Rules")
