"""``batchsim calibrate``: what is printed and written, and what is refused."""

from __future__ import annotations

import json

import pytest

from batchsim.cli.main import main
from batchsim.scenario.loading import load
from tests.conftest import ROOT
from tests.histories import ACCOUNT

CONFIG = str(ROOT / "scenarios" / "transactions.yaml")
#: 2026-11-02T00:00:00Z in milliseconds.
START = 1_793_577_600_000


def described(number):
    created = START + number * 60_000
    return {
        "jobId": f"job-{number}",
        "jobName": f"settle-{number}",
        "jobQueue": f"{ACCOUNT}:job-queue/bulk",
        "jobDefinition": f"{ACCOUNT}:job-definition/settle:1",
        "status": "SUCCEEDED",
        "createdAt": created,
        "attempts": [
            {"startedAt": created + 60_000, "stopped": 0, "stoppedAt": created + 90_000 + number * 1000,
             "container": {"exitCode": 0}}
        ],
        "container": {},
    }  # fmt: skip


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps({"jobs": [described(number) for number in range(60)]}), encoding="utf-8")
    return path


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_page_says_what_was_learnt_and_what_was_not(history, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["calibrate", str(history)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "60 jobs · 60 attempts · submitted 2026-11-02T00:00:00Z to 2026-11-02T00:59:00Z" in told
    assert "empirical: from 50 values on" in told
    assert "replay: as recorded" in told
    assert "RUNNABLE to STARTING: not learnt; only state change events tell it" in told
    assert "scenario --config FILE and --out FILE write one" in told


def test_a_definition_of_few_runs_falls_back_and_says_of_how_many(history, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    few = tmp_path / "few.csv"
    rows = [f"rare,2026-11-02T00:{minute:02}:00+00:00,{minute + 5},rare,bulk" for minute in range(3)]
    few.write_text("\n".join(["job_name,submitted_at,runtime_s,job_definition,job_queue", *rows]), encoding="utf-8")
    assert main(["calibrate", str(history), str(few)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "rare: pooled: 3 of the 10 values that a shape of their own takes: their mean, and the shape of the" in told
    assert "settle: empirical: from 50 values on" in told
    assert "3 rows with a run time and no start" in told


def test_json_is_all_that_is_printed(history, capsys):
    assert main(["calibrate", str(history), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"history", "learned", "not_learned"}
    assert told["learned"].keys() == {
        "runtimes",
        "failures",
        "arrivals",
        "delays",
        "memory",
        "instance_types",
        "interruptions",
    }
    (runtime,) = told["learned"]["runtimes"]
    assert runtime["mean_s"] == pytest.approx(30 + 59 / 2)
    assert (runtime["job_definition"], runtime["job_name"], runtime["by"], runtime["n"]) == (
        "settle",
        "settle",
        "empirical",
        60,
    )


def test_the_scenario_is_written_and_is_one(history, tmp_path, capsys):
    path = tmp_path / "calibrated.yaml"
    assert main(["calibrate", str(history), "--config", CONFIG, "--out", str(path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    scenario = load(path)
    assert main(["validate", str(path), "--quiet"]) == 0
    assert scenario.region == "us-east-1"
    assert main(["calibrate", str(history), "--config", CONFIG, "--out", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_scenario_needs_a_configuration(history, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", str(history), "--out", str(tmp_path / "x.yaml")])
    assert caught.value.code == 2
    assert "--out needs --config FILE" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{", '{"jobQueues": []}', '{"jobs": []}'])
def test_what_is_no_history_is_told(content, tmp_path, capsys):
    path = tmp_path / "jobs.json"
    path.write_text(content, encoding="utf-8")
    assert main(["calibrate", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_what_is_no_configuration_is_told(history, tmp_path, capsys):
    path = tmp_path / "config.yaml"
    path.write_text("jobs: []", encoding="utf-8")
    assert main(["calibrate", str(history), "--config", str(path), "--out", str(tmp_path / "x.yaml")]) == 2
    assert "config.yaml" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()


@pytest.fixture
def days(tmp_path):
    """Sixty jobs on each of four days."""
    path = tmp_path / "days.json"
    jobs = []
    for day in range(4):
        for number in range(60):
            made = described(day * 24 * 60 + number)
            made["attempts"][0]["stoppedAt"] = made["attempts"][0]["startedAt"] + 30_000 + number * 1000
            jobs.append(made)
    path.write_text(json.dumps({"jobs": jobs}), encoding="utf-8")
    return path


def test_a_back_test_is_told(days, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    picture = tmp_path / "back-test.png"
    scenario = tmp_path / "calibrated.yaml"
    options = ["--back-test", "50%", "--replications", "2", "--picture", str(picture), "--out", str(scenario)]
    assert main(["calibrate", str(days), "--config", CONFIG, *options]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "learnt from 2 days (2026-11-02 on) · predicted the 2 days from 2026-11-04 on · 120 jobs" in told
    assert "submitted to started p50" in told
    assert "queue_time_s: no state change event tells" in told
    # The scenario is of the whole history, not of the part that was learnt from.
    assert f"scenario{scenario}" in told.replace(" ", "")  # however long the folder's name is
    assert "Learnt from 240 jobs" in scenario.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_back_test_as_json_is_all_that_is_printed(days, capsys):
    assert main(["calibrate", str(days), "--config", CONFIG, "--back-test", "--replications", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["split"]["learned_days"] == 3
    for part in ("predicted", "observed", "error"):
        assert told[part]["queue_time_s"].keys() == {"p50", "p95"}
        assert told[part].keys() >= {"makespan_s", "cost_usd"}
    assert told["learned"].keys() >= {"runtimes", "failures", "arrivals", "delays", "interruptions"}
    assert 0 <= told["days_inside"] <= 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--back-test"], "--back-test needs --config FILE"),
        (["--picture", "x.png"], "--picture is of a back-test"),
        (["--seed", "3"], "--seed is of a back-test"),
        (["--workers", "2"], "--workers is of a back-test"),
        (["--config", CONFIG, "--back-test", "--replications", "1"], "expected 2 or more"),
        (["--config", CONFIG, "--back-test", "100%"], "above 0 and below 100%"),
        (["--config", CONFIG, "--back-test", CONFIG], "name files before --back-test"),
        (["--config", CONFIG, f"--back-test={'x' * 5000}"], "expected a part such as 5%"),  # no name of a file
    ],
)
def test_what_a_back_test_needs_is_told(history, options, told, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", str(history), *options])
    assert caught.value.code == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_history_of_one_day_is_too_short(history, capsys):
    assert main(["calibrate", str(history), "--config", CONFIG, "--back-test"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("[history] --back-test: a back-test learns from some days and predicts others")
    assert "submissions are of one day" in told


def test_a_picture_that_is_there_is_kept(days, tmp_path, capsys):
    picture = tmp_path / "there.png"
    picture.write_text("mine")
    assert main(["calibrate", str(days), "--config", CONFIG, "--back-test", "--picture", str(picture)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert picture.read_text() == "mine"


def test_a_page_is_the_same_wherever_it_was_made(history, tmp_path):
    pages = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        out, page = tmp_path / name / "learnt.yaml", tmp_path / name / "learnt.html"
        written = ["--out", str(out), "--report", str(page)]
        assert main(["calibrate", str(history), "--config", CONFIG, *written, "--quiet"]) == 0
        pages.append(page.read_bytes())
    assert b"learnt.yaml" in pages[0]
    assert pages[0] == pages[1]


def test_a_page_is_written_where_it_is_asked_for(history, tmp_path, capsys):
    page = tmp_path / "learnt.html"
    assert main(["calibrate", str(history), "--report", str(page), "--quiet"]) == 0
    assert "empirical: from 50 values on" in page.read_text(encoding="utf-8")
    assert main(["calibrate", str(history), "--report", str(page)]) == 2
    assert "learnt.html" in capsys.readouterr().err


def test_one_job_is_told_of_in_the_singular_and_its_delay_as_not_learnt(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"jobs": [described(0)]}), encoding="utf-8")
    assert main(["calibrate", str(one)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("1 job · 1 attempt · submitted")
    assert ": 1 submission, replay" in told
    assert main(["calibrate", str(one), "--config", CONFIG, "--out", str(tmp_path / "one.yaml")]) == 0
    assert "# 1 submission: as recorded" in (tmp_path / "one.yaml").read_text(encoding="utf-8")
    assert "with nothing there: not learnt; it takes jobs that came when none had been there for 30 minutes" in told


def test_a_file_that_was_cut_off_says_where(tmp_path, capsys):
    cut = tmp_path / "cut.json"
    cut.write_text('{"jobs": [{"jobId": "a', encoding="utf-8")
    assert main(["calibrate", str(cut)]) == 2
    assert "Unterminated string starting at column 21" in capsys.readouterr().err
