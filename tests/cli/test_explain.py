"""``batchsim explain`` in a terminal."""

from __future__ import annotations

from batchsim.cli.main import main


def test_all_meanings_of_a_word(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["explain", "boot"]) == 0
    assert capsys.readouterr().out == (
        "boot (cause of waiting)\n"
        "  waited for capacity to be decided on, launched and\n"
        "    registered\n"
        "  jobs.parquet: wait_boot_s; summary.json: wait_s.boot\n"
        "\n"
        "boot (purpose of cost)\n"
        "  before an instance could take jobs\n"
        "  summary.json: cost_usd.by_purpose.boot\n"
    )


def test_a_term_of_several_words(capsys):
    assert main(["explain", "fair", "share"]) == 0
    assert capsys.readouterr().out.startswith("fair share (word)\n")


def test_what_is_not_known_is_wrong_input(capsys):
    assert main(["explain", "scaleDownIdel"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "[unknown-word] nothing is called 'scaleDownIdel'; did you mean scaleDownIdle?\n"
