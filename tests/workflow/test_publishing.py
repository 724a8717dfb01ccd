"""Publishing: what is wrong is refused whole, what is right is kept to the byte, the same files once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from camcover.rulebook import load, load_files, load_texts
from camcover.store import AuditLog
from camcover.workflow.errors import RulesRefused, UnknownRelease
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules, find_release
from small_rules import COPAY_PLAN, TEXTS

FAILING_TEST = """\
tests:
  - name: a visit
    given: {age: 40, state: WA, tier: in_network, therapy: acupuncture, codes: ["97810"], charge: $80.00,
            practitioner: acupuncturist, attestations: [referral], dates: [2026-03-02]}
    expect: {patient: $21.00}
"""


def test_a_release_is_kept_with_who_and_why(releases: Any) -> None:
    first, _, third = releases.ids
    with releases.store.reading() as ledger:
        found = ledger.release(first)
        assert found is not None
        assert (found.author, found.message, found.parent) == ("ana", "copay 20", None)
        assert (found.file_count, found.plan_count) == (4, 2)
        assert found.id == f"rules-{found.digest[:16]}"
        assert [each.id for each in ledger.releases(10)] == list(reversed(releases.ids))
        assert [each.id for each in ledger.releases(10, words="COPAY 4")] == [third]
    entries = list(AuditLog(releases.database).entries())
    assert [(each.action, each.subject, each.actor) for each in entries] == [
        ("publish", each, "ana") for each in releases.ids
    ]


def test_files_come_back_to_the_byte(releases: Any) -> None:
    """A byte order mark, Windows' line ends and a missing last line end stay as they were."""
    files = {name: text.encode() for name, text in TEXTS.items()}
    files["fees.yaml"] = b"\xef\xbb\xbf" + files["fees.yaml"].replace(b"\n", b"\r\n")
    files["copay.yaml"] = files["copay.yaml"].rstrip(b"\n")
    nested = {f"rules/{'payers/' if name == 'copay.yaml' else ''}{name}": body for name, body in files.items()}
    release = publish(releases.store, prepare(load_files(nested)), "bob", "as it is").release
    kept = releases.rules.files(release.id)
    assert kept == {name.removeprefix("rules/"): body for name, body in nested.items()}


def test_contents_that_releases_share_are_kept_once(releases: Any) -> None:
    """Three releases of four files, of which one differs: six contents."""
    with releases.database.engine.connect() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(SQLModel.metadata.tables[name])).scalar_one()
            for name in ("release_files", "contents")
        ]
    assert counts == [12, 6]


def test_the_same_files_are_the_same_release(releases: Any, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    again = publish(releases.store, prepare(load(tmp_path)), "bob", "once more")
    assert not again.is_new
    assert (again.release.id, again.release.author) == (releases.ids[0], "ana")


def test_rules_with_errors_are_refused_with_all_of_them(releases: Any) -> None:
    bad = TEXTS | {"copay.yaml": COPAY_PLAN.replace("[acupuncture, massage]", "[acupunctur, massages]")}
    with pytest.raises(RulesRefused) as caught:
        prepare(load_texts(bad))
    assert [each.place for each in caught.value.findings] == ["copay.yaml:16:17", "copay.yaml:16:29"]
    with releases.store.reading() as ledger:
        assert len(ledger.ids()) == 3


def test_rules_whose_tests_fail_are_refused() -> None:
    with pytest.raises(RulesRefused, match=r"expected \$21\.00, got \$20\.00"):
        prepare(load_texts(TEXTS | {"copay.yaml": COPAY_PLAN + FAILING_TEST}))


def test_a_release_is_read_from_the_database_once(releases: Any) -> None:
    first = releases.ids[0]
    assert not releases.rules.has(first)
    assert releases.rules.tables(first) is releases.rules.tables(first)
    assert releases.rules.has(first)
    assert releases.rules.counts()[:3] == (1, 1, 1)


def test_many_threads_ask_for_the_same_releases(releases: Any) -> None:
    """Each release is read once, whoever comes first; no thread gets another's."""

    def ask(number: int) -> tuple[str, int]:
        release = releases.ids[number % 3]
        tables = releases.rules.tables(release)
        assert tables.release == release
        return release, id(tables)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(60)))
    assert len(found) == 3
    assert releases.rules.counts().entries == 3


def test_releases_beyond_the_bound_are_read_again(releases: Any, tmp_path: Path) -> None:
    """Room for one: the second takes the place of the first, which answers all the same when it is asked for again."""
    for release in releases.ids:
        releases.rules.tables(release)
    size = max((tmp_path / "compiled" / each).stat().st_size for each in releases.ids)
    rules = ReleaseRules(releases.store, maximum_bytes=size)
    for release in (*releases.ids, *releases.ids):
        assert rules.tables(release).release == release
    assert rules.counts()[:3] == (0, 6, 1)


def test_an_unknown_release_is_refused(releases: Any) -> None:
    for ask in (releases.rules.tables, releases.rules.files, releases.rules.rules):
        with pytest.raises(UnknownRelease, match="no release 'rules-0000000000000000'; did you mean"):
            ask("rules-0000000000000000")


def test_a_release_is_found_by_a_prefix_or_as_latest(releases: Any) -> None:
    first, _, third = releases.ids
    with releases.store.reading() as ledger:
        assert find_release(ledger, first[:10]).id == first
        assert find_release(ledger, "latest").id == third
        with pytest.raises(UnknownRelease, match="did you mean"):
            find_release(ledger, "rules-")
