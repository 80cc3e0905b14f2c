"""Settings are checked at start, and what is wrong is said with its variable."""

from pathlib import Path

import pytest

from usher.data_folder import DataFolder, DataFolderUnusable
from usher.settings import VARIABLES, BadSetting, read_settings


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("USHER_PORT", "0", "USHER_PORT: a whole number from 1 to 65535 is needed"),
        ("USHER_PORT", "http", "USHER_PORT: a whole number from 1 to 65535 is needed"),
        ("USHER_WORKERS", "-1", "USHER_WORKERS: a whole number from 1 to 256 is needed"),
        ("USHER_SECRET", "short", "USHER_SECRET: 32 characters or more are needed"),
        ("USHER_VALKEY_URL", "valkey://h?replicas=9", "USHER_VALKEY_URL: replicas=9: a number from 0 to 5"),
        ("USHER_VALKEY_URL", "mysql://x", "USHER_VALKEY_URL: an address starting with redis://"),
        ("USHER_POSTGRES_URL", "x", "USHER_POSTGRES_URL: an address starting with postgresql://"),
        ("USHER_PROVIDERS", "bank", "USHER_PROVIDERS: pairs such as `name=whsec_...`"),
        ("USHER_ROOT_PATH", "tickets/", "USHER_ROOT_PATH: a path such as /tickets is needed"),
        ("USHER_DEMO", "yes", "USHER_DEMO: 0 or 1 is needed"),
        ("USHER_LOG_LEVEL", "loud", "USHER_LOG_LEVEL: debug, info, warning or error is needed"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BadSetting) as error:
        read_settings({"USHER_DATA": str(tmp_path / "data"), name: text})
    assert str(error.value).startswith(said)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("USHER_PROT", "USHER_PROT: there is no such setting; the nearest is USHER_PORT"),
        ("USHER_VALKEY", "USHER_VALKEY: there is no such setting; the nearest is USHER_VALKEY_URL"),
        (
            "USHER_TEST_PROVIDR",
            "USHER_TEST_PROVIDR: there is no such setting; the nearest is USHER_TEST_PROVIDER",
        ),
        ("USHER_", "USHER_: there is no such setting; the nearest is "),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(BadSetting) as error:
        read_settings({"USHER_DATA": str(tmp_path / "data"), name: "x"})
    assert str(error.value).startswith(said)
    assert not (tmp_path / "data").exists()


def test_names_of_tests_and_of_others_are_left_alone(tmp_path: Path) -> None:
    read_settings({"USHER_DATA": str(tmp_path), "USHER_TEST_VALKEY_URL": "x", "USHER": "x", "USHERS": "x"})


def test_secrets_are_made_once_and_are_their_owners_alone(tmp_path: Path) -> None:
    environment = {"USHER_DATA": str(tmp_path / "data")}
    first, second = read_settings(environment), read_settings(environment)
    assert first == second
    assert (
        len({first.secret, first.storefront_key, first.operator_key, first.cinema_key, first.door_key}) == 5
    )
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "data/keys").iterdir()} == {0o600}
    assert first.providers["test"].startswith("whsec_")
    assert first.secret not in repr(first)


def test_what_is_given_is_taken(tmp_path: Path) -> None:
    environment = {"USHER_DATA": str(tmp_path / "data"), "USHER_PORT": "9000", "USHER_OPERATOR_KEY": "k" * 32}
    settings = read_settings({**environment, "USHER_PROVIDERS": "bank=whsec_MTIz"})
    assert (settings.port, settings.operator_key, settings.base_url) == (
        9000,
        "k" * 32,
        "http://127.0.0.1:9000",
    )
    assert settings.providers["bank"] == "whsec_MTIz"


@pytest.mark.parametrize(
    ("url", "demo", "loaded"),
    [("", "", True), ("", "0", False), ("postgresql://x/y", "", False), ("postgresql://x/y", "1", True)],
)
def test_the_demo_goes_into_an_embedded_postgres_unless_asked_for(
    tmp_path: Path, url: str, demo: str, loaded: bool
) -> None:
    environment = {"USHER_DATA": str(tmp_path), "USHER_POSTGRES_URL": url, "USHER_DEMO": demo}
    assert read_settings(environment).demo is loaded


def test_every_variable_has_a_meaning_and_a_field(tmp_path: Path) -> None:
    settings = read_settings({"USHER_DATA": str(tmp_path)})
    assert {variable.field for variable in VARIABLES} == set(settings.__struct_fields__)
    assert all(variable.meaning for variable in VARIABLES)


def test_who_only_looks_makes_nothing_and_finds_what_is_kept(tmp_path: Path) -> None:
    environment = {"USHER_DATA": str(tmp_path / "data")}
    nothing = read_settings(environment, make=False)
    assert (nothing.operator_key, nothing.providers) == ("", {})
    assert not (tmp_path / "data").exists()
    made = read_settings(environment)
    assert read_settings(environment, make=False) == made


@pytest.mark.parametrize("version", ["999", "1", ""])
def test_a_folder_of_another_version_is_refused(tmp_path: Path, version: str) -> None:
    (tmp_path / "version").write_text(f"{version}\n")
    with pytest.raises(DataFolderUnusable, match="made by another version of Usher"):
        DataFolder(tmp_path).make()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("private")
    with pytest.raises(DataFolderUnusable, match="not a data folder of Usher"):
        DataFolder(tmp_path).make()
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataFolderUnusable, match="is not a folder"):
        DataFolder(tmp_path / "data").make()


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.make()
    with pytest.raises(DataFolderUnusable, match="MiB free"):
        folder.check_space(free_bytes_min=1 << 60)


def test_a_second_user_of_the_folder_is_refused(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    first.make()
    first.lock()
    with pytest.raises(DataFolderUnusable, match=r"runs on .* already \(process \d+\)"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()
