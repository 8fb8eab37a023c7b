"""Folders that are written whole or not at all."""

from __future__ import annotations

import pytest

from batchsim.atomic_folder import check_folder, written_whole
from batchsim.errors import OutputError


def test_a_folder_takes_its_place_when_it_is_complete(tmp_path):
    folder = tmp_path / "deep" / "out"
    with written_whole(folder) as made:
        (made / "a").write_text("1")
        assert not folder.exists()
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_an_older_one_is_replaced_not_added_to(tmp_path):
    folder = tmp_path / "out"
    for name in ("a", "b"):
        with written_whole(folder) as made:
            (made / name).touch()
    assert [path.name for path in folder.iterdir()] == ["b"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
def test_what_breaks_off_leaves_no_trace(tmp_path, fault):
    def breaks_off():
        with written_whole(folder) as made:
            (made / "b").touch()
            raise fault

    folder = tmp_path / "out"
    with written_whole(folder) as made:
        (made / "a").touch()
    with pytest.raises(OutputError if isinstance(fault, OSError) else type(fault)):
        breaks_off()
    assert [path.name for path in folder.iterdir()] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with written_whole(tmp_path / "link") as made:
        (made / "a").touch()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a").exists()


def test_a_folder_is_checked_before_it_is_written(tmp_path):
    check_folder(tmp_path / "new" / "deep", {"a"})
    (tmp_path / "a").touch()
    check_folder(tmp_path, {"a"})
    with pytest.raises(OutputError, match="holds other files, such as a"):
        check_folder(tmp_path, {"b"})
    with pytest.raises(OutputError, match="not a folder"):
        check_folder(tmp_path / "a", {"a"})
    with pytest.raises(OutputError, match="a is not a folder"):
        check_folder(tmp_path / "a" / "below", {"a"})
