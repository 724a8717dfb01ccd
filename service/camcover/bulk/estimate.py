"""One record batch in, its plans, lines and rejects out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from camcover.bulk.answers import NO_LINES, Answered, Names, check, line_batch, plan_batch
from camcover.bulk.book import lay_out_book
from camcover.bulk.book_columns import CUT, CUTTABLE, FALLBACK, READY, Book, GivenRows
from camcover.bulk.coding import CodedBatch, Coder
from camcover.bulk.columns import Ints, integers, lists
from camcover.bulk.schema import REJECT_SCHEMA, REQUEST_SCHEMA, REQUIRED
from camcover.bulk.singly import in_columns, request_of
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.payees import reimbursed
from camcover.engine.asking.question import Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.call import KernelFault, addresses_of, run
from camcover.engine.kernel.tables import Array, Work
from camcover.engine.kernel.workspace import new_rows
from camcover.engine.request import InvalidRequest, Violation
from camcover.errors import CamcoverError
from camcover.refusals import Refusal
from camcover.request_bounds import MAX_LINES

_NO_DATE = Violation("", "a date outside the calendar", "dates in the years 1 to 9999", Refusal.DATE_OUT_OF_RANGE)
_NONE_BEHIND = np.zeros(1, dtype=columns.LEDGER)
_SESSION = np.dtype(np.int32)


MOST_LINES = 200_000
"""Lines in hand at once, so that memory stays bounded whatever the plans hold."""


class WrongColumns(CamcoverError):
    """The input does not have `REQUEST_SCHEMA`; the message names the column, the expected and the found type."""


class BulkResult(NamedTuple):
    """What became of a batch: batches of `PLAN_SCHEMA`, `LINE_SCHEMA` and `REJECT_SCHEMA`, by row of the input.

    `lines` is empty where they are not wanted; `line_count` counts them all the same. A refused row may have several
    rejects.
    """

    plans: pa.RecordBatch
    lines: pa.RecordBatch
    rejects: pa.RecordBatch
    line_count: int
    rejected_rows: int


class BulkAnswer(NamedTuple):
    """The results of a batch's rows, counted from 0: ledgers of priced rows, violations of the others.

    Both are in order of the rows; each row is in one of them. `cut`: rows whose use so far was cut.
    """

    answered: Answered
    rejects: Sequence[tuple[int, tuple[Violation, ...]]]
    cut: Ints


class BulkEstimator:
    """Prices batches by one release of the rules. Belongs to one thread."""

    def __init__(self, tables: Tables, release: str, *, wants_lines: bool = True) -> None:
        """Price by `tables`, whose release is written beside every plan."""
        self._tables, self._release, self._wants_lines = tables, release, wants_lines
        self._coder, self._names, self._adjudicator = Coder(tables), Names(), Adjudicator()
        self._pays_members = bool(tables.arrays.tiers["pays_member"].any())

    def estimate(self, batch: pa.RecordBatch, first_row: int = 0) -> BulkResult:
        """Price the plans of a batch whose rows are counted from `first_row`. Raises `WrongColumns`, `KernelFault`."""
        batch = sound_batch(batch, first_row)
        answered, rejects, _ = self.answer(batch)
        kept = pa.array(answered.row)
        request_id, plan_id = batch["request_id"].take(kept), batch["plan_id"].take(kept)
        answered = answered._replace(row=answered.row + first_row)
        return BulkResult(
            plan_batch(answered, request_id, plan_id, self._release),
            line_batch(answered, self._names) if self._wants_lines else NO_LINES,
            _reject_batch(batch, rejects, first_row),
            len(answered.ledger),
            len(rejects),
        )

    def answer(self, batch: pa.RecordBatch, *, cuts_use: bool = False) -> BulkAnswer:
        """Adjudicate the rows of a batch that `sound_batch` gave: the ledger as the kernel wrote it, no columns yet.

        `cuts_use`: use so far above a maximum or limit is cut to it, and what the plan does not know is left out, of
        rows that take the fast way.
        """
        coded = self._coder.code(batch)
        if cuts_use:
            coded.book.status[coded.book.status == READY] = CUTTABLE
        self._names.read(self._coder.plans)
        ready = self._adjudicate(coded)
        aside, rejects = self._price_singly(batch, np.flatnonzero(coded.book.status == FALLBACK))
        self._names.read(self._coder.plans)
        answered = ready.joined_with(aside) if aside else ready
        check(answered)
        return BulkAnswer(answered, rejects, np.flatnonzero(coded.book.status == CUT))

    def refusals(self, batch: pa.RecordBatch, rows: Ints) -> list[tuple[int, tuple[Violation, ...]]]:
        """The violations of rows that cannot be priced unchanged."""
        return self._price_singly(batch, rows)[1]

    def _adjudicate(self, coded: CodedBatch) -> Answered:
        """Lay out what is ready, and adjudicate it in one call of the kernel."""
        book, facts = coded.book, self._coder.facts
        room = int(_lines_of(book.items_of, book.sessions).sum())
        requests = new_rows(len(book.plan), columns.REQUEST)
        requests[:] = 0
        lines, sessions = new_rows(room, columns.LINE), new_rows(room, _SESSION)
        given, zeros = _room_for_use(facts.plans, book)
        line_count, plan_count = lay_out_book(facts, self._tables.arrays, book, requests, lines, sessions, given, zeros)
        if plan_count < 0:
            raise KernelFault(f"row {line_count} of a batch needs more room than was reserved for the batch")
        row = np.flatnonzero((book.status == READY) | (book.status == CUT))
        work = self._work(coded, requests, lines, given, line_count=line_count)
        rules = self._tables.arrays
        run(rules, _Holder(work), 0, plan_count, addresses_of(rules, work))
        requests, lines = requests[:plan_count], lines[:line_count]
        owner = np.repeat(row, requests["line_count"])
        return Answered(
            row,
            book.plan[row],
            np.append(requests["lines"], line_count).astype(np.int64),
            work.ledger[:line_count],
            lines["day"],
            lines["service"] - book.items_of[owner],
            sessions[:line_count],
            self._reimbursed(work.ledger[:line_count]),
            np.zeros(line_count, dtype=np.int64),
        )

    def _reimbursed(self, ledger: Array) -> Ints:
        """What of each line the plan pays to the member, cents."""
        if not self._pays_members:
            return np.zeros(len(ledger), dtype=np.int64)
        return reimbursed(self._tables.arrays, ledger, ledger["plan_paid"])

    def _work(self, coded: CodedBatch, requests: Array, lines: Array, given: GivenRows, *, line_count: int) -> Work:
        """The kernel's arrays: every plan of the batch runs in the same state, one after the other."""
        plans = self._coder.facts.plans
        slots, visits, sums = (int(plans[name].max()) for name in ("slots", "visits", "sums"))
        return Work(
            requests=requests,
            services=coded.services if len(coded.services) else np.zeros(1, dtype=columns.SERVICE),
            lines=lines,
            given_sums=given.sums,
            given_counts=given.counts,
            given_events=given.events,
            given_visits=given.visits,
            given_fees=np.zeros(1, dtype=columns.GIVEN_FEE),
            given_codes=np.zeros(1, dtype=columns.GIVEN_CODE),
            behind=_NONE_BEHIND,
            tier_maps=np.zeros(1, dtype=np.int32),
            sums=new_rows(2 * sums, columns.SUM),
            slots=new_rows(slots, columns.SLOT),
            visits=new_rows(visits, columns.VISITS),
            events=new_rows(int(requests["event_room"].max()), columns.EVENT),
            ledger=new_rows(line_count, columns.LEDGER),
            rests=new_rows(1, columns.LEDGER),
        )

    def _price_singly(
        self, batch: pa.RecordBatch, rows: Ints
    ) -> tuple[list[Answered], list[tuple[int, tuple[Violation, ...]]]]:
        """Price rows as single requests; gives the answers, and the violations of the other rows."""
        answered: list[Answered] = []
        rejects: list[tuple[int, tuple[Violation, ...]]] = []
        for row in rows.tolist():
            self._adjudicator.clear()
            try:
                (data,) = batch.slice(row, 1).to_pylist()
                question = self._adjudicator.lay_out(self._tables, request_of(data))
            except InvalidRequest as error:
                rejects.append((row, error.violations))
                continue
            except (OverflowError, ValueError):
                rejects.append((row, (_NO_DATE,)))
                continue
            if isinstance(question, InvalidRequest):
                rejects.append((row, in_columns(data, question.violations)))
            else:
                answered.append(self._answer_aside(row, question))
        return answered, rejects

    def _answer_aside(self, row: int, question: Question) -> Answered:
        """A single question's expected case, as a batch of one plan."""
        (answer,) = self._adjudicator.answers(self._tables, [question], with_ranges=False)
        layout, lines = question.primary, question.asked.lines
        first = question.placed.ledger
        ledger = self._adjudicator.first.ledger.array[first : first + len(lines)].copy()
        account_paid = np.zeros(len(ledger), dtype=np.int64)
        if answer.drawn is not None:
            account_paid[:] = [sum(each.cents for each in payments) for payments in answer.drawn.payments]
            ledger["patient"] -= account_paid
        day, place, session = np.array(lines, dtype=np.int64).T
        services = question.asked.services
        return Answered(
            np.array([row]),
            np.array([self._coder.number_of(layout.plan.id)]),
            np.array([0, len(lines)]),
            ledger,
            day,
            np.array([services[each].item for each in place]),
            session,
            np.array(answer.reimbursed, dtype=np.int64) if answer.reimbursed else np.zeros(len(ledger), dtype=np.int64),
            account_paid,
        )


def parts_of(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in slices of at most `MOST_LINES` lines, or of one row. Raises `WrongColumns`."""
    items = lists(with_schema(batch)["items"])
    lines = _lines_of(items.offsets, integers(items.values.field("sessions"), null=1))
    ends = np.cumsum(lines)
    first = 0
    while first < batch.num_rows:
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + MOST_LINES, side="right")), first + 1)
        yield batch.slice(first, last - first)
        first = last


def _lines_of(offsets: Ints, sessions: Ints) -> Ints:
    """The lines of each row by its items' sessions; what is more than a request may have is refused anyway."""
    sums = np.concatenate([[0], np.cumsum(np.clip(sessions, 0, MAX_LINES), dtype=np.int64)])
    found: Ints = np.minimum(sums[offsets[1:]] - sums[offsets[:-1]], MAX_LINES)
    return found


def _room_for_use(plans: Array, book: Book) -> tuple[GivenRows, tuple[int, int]]:
    """Rows for what the plans of a book have before their lines; how many of counts and visits are for all plans."""
    of_row, dated = plans[np.maximum(book.plan, 0)], np.diff(book.visits_of)
    stated = (np.diff(book.uses_of) > 0) | (dated > 0)
    zeros = int(plans["slots"].max()), int(plans["visits"].max())
    given = GivenRows(
        new_rows(2 * int(of_row["sums"].sum()), columns.GIVEN_SUM),
        new_rows(zeros[0] + int(of_row["slots"][stated].sum()), columns.GIVEN_COUNT),
        new_rows(int((of_row["rolling"] * dated).sum()), columns.GIVEN_EVENT),
        new_rows(zeros[1] + int(of_row["visits"][dated > 0].sum()), columns.GIVEN_VISIT),
    )
    given.counts[:], given.visits[:] = 0, 0
    return given, zeros


class _Holder(NamedTuple):
    """The object from which `run` takes the arrays in uncompiled runs."""

    work: Work


def _reject_batch(
    batch: pa.RecordBatch, rejects: Sequence[tuple[int, tuple[Violation, ...]]], first_row: int
) -> pa.RecordBatch:
    """One row for each violation."""
    told = [(row, each) for row, violations in rejects for each in violations]
    return pa.RecordBatch.from_arrays(
        [
            pa.array([row + first_row for row, _ in told], pa.int64()),
            batch["request_id"].take(pa.array([row for row, _ in told], pa.int64())),
            pa.array([each.field for _, each in told], pa.string()),
            pa.array([each.description for _, each in told], pa.string()),
            pa.array([each.refusal.name for _, each in told], pa.string()),
        ],
        schema=REJECT_SCHEMA,
    )


def check_columns(schema: pa.Schema) -> None:
    """Raise `WrongColumns` when a required column is missing or one is unknown or of a type that does not fit."""
    with_schema(pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema))


def sound_batch(batch: pa.RecordBatch, first_row: int = 0) -> pa.RecordBatch:
    """The batch with every column of `REQUEST_SCHEMA`, all of it valid Arrow data. Raises `WrongColumns`.

    `first_row`: the number of its first row in the input, for messages.
    """
    batch = with_schema(batch)
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise WrongColumns(f"the rows from {first_row} on are not valid Arrow data: {error}") from error
    return batch


def with_schema(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every column of `REQUEST_SCHEMA`, missing ones null, types made to fit. Raises `WrongColumns`."""
    if batch.schema.equals(REQUEST_SCHEMA):
        return batch
    for name in REQUIRED:
        if name not in batch.schema.names:
            raise WrongColumns(f"column {name!r} is missing; expected the columns {', '.join(REQUEST_SCHEMA.names)}")
    for name in batch.schema.names:
        if name not in REQUEST_SCHEMA.names:
            raise WrongColumns(f"unknown column {name!r}; expected some of {', '.join(REQUEST_SCHEMA.names)}")
    arrays = []
    for field in REQUEST_SCHEMA:
        if field.name not in batch.schema.names:
            arrays.append(pa.nulls(batch.num_rows, field.type))
            continue
        column = batch[field.name]
        try:
            arrays.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowException as error:
            said = f"column {field.name!r} is {column.type}; expected {field.type}"
            raise WrongColumns(said) from error
    return pa.RecordBatch.from_arrays(arrays, schema=REQUEST_SCHEMA)
