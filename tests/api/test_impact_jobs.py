"""Impacts in processes of their own: the same figures as in one piece, stopped on wish, kept, bounded."""

from __future__ import annotations

import asyncio
import copy
import os
import time
from pathlib import Path

import pytest

from camcover.api import impact_jobs
from camcover.api.errors import Refused
from camcover.api.impact_jobs import MOST_JOBS, ImpactJobs
from camcover.workflow.impact.job_books import impact_books
from camcover.workflow.impact.job_files import (
    MOST_KEPT,
    MOST_SILENT_SECONDS,
    ImpactFiles,
    ImpactOrder,
    ImpactState,
    JobState,
    impact_key,
)
from camcover.workflow.impact.job_work import WORST, work_out
from camcover.workflow.reviewing import SyntheticMembers, impact_on
from small_rules import COPAY_PLAN, TEXTS

BEFORE = {name: text.encode() for name, text in TEXTS.items()}
AFTER = BEFORE | {"copay.yaml": COPAY_PLAN.replace("copay: $20", "copay: $30").encode()}


FEW = SyntheticMembers(1_200, 1)
ENDLESS = SyntheticMembers(100_000_000, 1)


def order(name: str, members: SyntheticMembers | Path = FEW) -> ImpactOrder:
    """A job over invented members."""
    return ImpactOrder(impact_key("a", "b", name), BEFORE, AFTER, members)


@pytest.fixture
def files(tmp_path: Path) -> ImpactFiles:
    return ImpactFiles(tmp_path / "impacts")


def test_small_batches_give_the_figures_of_one_piece(files: ImpactFiles) -> None:
    """And what is read from the file is what was written."""
    job = order("x")
    work_out(job, files)
    found = files.read(job.key)
    assert found is not None
    assert found.state is JobState.DONE
    assert found.impact == impact_on(FEW, BEFORE, AFTER, WORST)


@pytest.mark.processes
async def test_one_job_after_the_other(files: ImpactFiles) -> None:
    """The first runs to its end, those that wait are stopped; too many are refused; an answer is kept."""
    jobs = ImpactJobs(files)
    many = [order(str(number)) for number in range(MOST_JOBS)]
    for each in many:
        jobs.begin(each)
        jobs.begin(each)
    with pytest.raises(Refused, match="too many impacts are worked out at once"):
        jobs.begin(order("one more"))
    for each in many[1:]:
        jobs.cancel(each.key)
    await jobs.ended()
    done, *stopped = (jobs.state(each.key) for each in many)
    assert {each.state for each in stopped if each} == {JobState.CANCELLED}
    assert done is not None
    assert (done.state, done.done, done.total) == (JobState.DONE, 1_200, 1_200)
    jobs.begin(many[0])
    assert jobs.state(many[0].key) == done


@pytest.mark.processes
async def test_a_process_is_stopped_or_takes_too_long(files: ImpactFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = order("endless", ENDLESS)
    jobs = ImpactJobs(files)
    jobs.begin(endless)
    await asyncio.sleep(0)
    jobs.cancel(endless.key)
    await jobs.ended()
    assert jobs.state(endless.key) == ImpactState(JobState.CANCELLED)
    jobs = ImpactJobs(files, most_seconds=0.0)
    jobs.begin(endless)
    await jobs.ended()
    assert jobs.state(endless.key) == ImpactState(JobState.FAILED, said="it took longer than 0 seconds")
    monkeypatch.setattr(impact_jobs, "_work", os.abort)
    jobs = ImpactJobs(files)
    jobs.begin(endless)
    await jobs.ended()
    assert jobs.state(endless.key) == ImpactState(
        JobState.FAILED, said="the work ended with a fault, which the log has"
    )


def test_what_cannot_be_worked_out_says_why(files: ImpactFiles, tmp_path: Path) -> None:
    wrong = tmp_path / "x.parquet"
    wrong.write_bytes(b"no Parquet")
    told = {}
    for name, book in (("gone", tmp_path / "gone"), ("wrong", wrong)):
        job = order(name, book)
        work_out(job, files)
        told[name] = files.read(job.key)
    assert told["gone"] == ImpactState(JobState.FAILED, said="the book cannot be read")
    assert told["wrong"] is not None
    assert told["wrong"].said.startswith("the book cannot be used: ")
    job = order("faulty")._replace(after={"copay.yaml": b"kind: plan\n"})
    work_out(job, files)
    found = files.read(job.key)
    assert found is not None
    assert found.said == "the rules have errors; correct these first"


def test_states_are_kept_and_forgotten(files: ImpactFiles, tmp_path: Path) -> None:
    """One whose process went away unfinished is none; of many the oldest go; a key is nothing but a key."""
    key = impact_key("a", "b", "c")
    assert files.read(key) is None
    files.begin(key)
    assert files.read(key) == ImpactState(JobState.WAITING)
    silent = time.time() - MOST_SILENT_SECONDS - 1
    os.utime(tmp_path / "impacts" / f"{key}.json", (silent, silent))
    assert files.read(key) is None
    for number in range(MOST_KEPT + 1):
        files.begin(impact_key("a", "b", str(number)))
    assert len(list((tmp_path / "impacts").glob("*.json"))) == MOST_KEPT
    for text in ("x", "../" + key[3:], key.upper()):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            files.read(text)


def test_a_process_alone_has_a_folder_from_its_first_job_on() -> None:
    """It goes with the object."""
    alone, key = ImpactFiles(), impact_key("a", "b", "c")
    assert alone.read(key) is None
    alone.begin(key)
    assert alone.read(key) == ImpactState(JobState.WAITING)
    copied = copy.copy(alone)
    copied.write(key, ImpactState(JobState.RUNNING, 1, 2))
    assert alone.read(key) == ImpactState(JobState.RUNNING, 1, 2)
    del alone
    assert copied.read(key) is None


def test_the_book_of_the_operator_is_known_by_its_content(tmp_path: Path) -> None:
    book = tmp_path / "members.parquet"
    assert [each.name for each in impact_books(book)] == ["invented-20000", "invented-2000"]
    book.write_bytes(b"one")
    first = impact_books(book)[0]
    assert (first.name, first.is_invented, first.words) == ("operator", False, "the members of members.parquet")
    book.write_bytes(b"another")
    assert impact_books(book)[0].digest != first.digest
