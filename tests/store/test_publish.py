"""Publishing and removing folders of the store."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from ccpin.store.entry import takes_settings
from ccpin.store.publish import publish, put_back, remove_if_empty, remove_tree, set_aside, sweep
from ccpin.store.receipt import read_install
from tests.fakes import looking
from tests.store.installing import Store, posix


@posix
def test_an_entry_is_there_by_one_rename(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, what was there before is complete, or nothing is."""
    receipt = store.install("2.0.14").receipt
    staging, folder = tmp_path / ".staging-x", tmp_path / "any"
    (staging / "package").mkdir(parents=True)
    seen: list[list[str]] = []
    rename = os.rename

    def looking(one: str, other: str) -> None:
        seen.append(sorted(os.listdir(one)))
        assert not os.path.lexists(other)
        rename(one, other)

    monkeypatch.setattr(os, "rename", looking)
    publish(str(staging), str(folder), receipt)
    assert seen == [["package", "receipt.json", "takes-settings"]]
    assert stat.S_IMODE((folder / "receipt.json").stat().st_mode) == 0o444
    assert read_install(str(folder)) is not None
    assert stat.S_IMODE((folder / "package").stat().st_mode) == 0o555
    staging.mkdir()
    publish(str(staging), str(folder), receipt)
    assert sorted(os.listdir(folder)) == ["receipt.json", "takes-settings"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["any", "ccpin"]


@posix
def test_the_mark_for_sh_is_there_where_the_receipt_says_so(store: Store, tmp_path: Path) -> None:
    receipt = store.install("2.0.14").receipt
    folder = tmp_path / "any"
    for takes in (False, True, False):
        staging = tmp_path / ".staging-x"
        staging.mkdir()
        publish(str(staging), str(folder), dataclasses.replace(receipt, takes_settings=takes))
        assert takes_settings(str(folder)) is takes
        assert sorted(os.listdir(folder)) == ["receipt.json", *(["takes-settings"] if takes else [])]
        if takes:
            status = (folder / "takes-settings").stat()
            assert (status.st_size, stat.S_IMODE(status.st_mode)) == (0, 0o444)


@posix
def test_remove_tree(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "b/file").write_text("")
    (folder / "b").chmod(0o555)
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    (folder / "link").symlink_to(outside)
    remove_tree(str(folder))
    assert not folder.exists()
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
    for odd in ("gone", "file", "dangling"):
        if odd == "file":
            (tmp_path / odd).write_text("")
        if odd == "dangling":
            (tmp_path / odd).symlink_to("nowhere")
        remove_tree(str(tmp_path / odd))
        assert not os.path.lexists(tmp_path / odd)


@posix
def test_a_link_in_place_of_a_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (tmp_path / ".staging-x").symlink_to(outside)
    sweep(str(tmp_path))
    assert os.listdir(tmp_path) == ["outside"]
    assert (outside / "file").read_text() == "mine"


def test_remove_if_empty(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("")
    remove_if_empty(str(tmp_path / "a"))
    assert (tmp_path / "a").exists()
    (tmp_path / "a/file").unlink()
    remove_if_empty(str(tmp_path / "a"))
    remove_if_empty(str(tmp_path / "a"))
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        remove_if_empty(str(tmp_path / "file"))


def test_where_no_folder_can_be_renamed_the_receipt_goes_first_and_comes_back_last(tmp_path: Path) -> None:
    """As on Windows, where something runs from it."""
    folder, aside = tmp_path / "folder", tmp_path / "aside"
    (folder / "package").mkdir(parents=True)
    for name in ("a", "package/b", "receipt.json", "z"):
        (folder / name).touch()
    before = looking.tree(folder)
    moved: list[str] = []

    def rename(old: str, new: str) -> None:
        if os.path.isdir(old):
            raise PermissionError
        os.rename(old, new)
        moved.append(os.path.basename(new))

    set_aside(str(folder), str(aside), rename)
    assert (moved[0], folder.exists()) == ("receipt.json", False)
    moved.clear()
    put_back(str(aside), str(folder), rename)
    assert (moved[-1], aside.exists()) == ("receipt.json", False)
    assert looking.tree(folder).keys() == before.keys()
