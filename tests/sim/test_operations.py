"""The report of phase 8: what the console's page says of faults that are planted in venues."""

from __future__ import annotations

import pytest

from pressel.sim.report import operations
from pressel.sim.report.__main__ import (
    OPERATIONS_RECORDS,
    OPERATIONS_REPORT,
    operations_stale,
    operations_text,
)


def test_every_recorded_fault_is_found_and_the_report_says_so() -> None:
    records = operations.read_records(OPERATIONS_RECORDS)
    assert OPERATIONS_REPORT.read_text("utf-8") == operations_text(records)
    faults = {fault.name: fault for fault in operations.FAULTS}
    missed = [each for each in records if not operations.is_found(faults[each["fault"]], each)]
    assert missed == [] and len(records) == len(list(operations.matrix()))


def test_a_page_that_names_another_cause_counts_as_none() -> None:
    shown = {"reason": "everybody hears well", "todo": []}
    healthy, far, *_ = operations.FAULTS
    assert operations.is_found(healthy, shown)
    assert not operations.is_found(far, shown)
    blamed = {**shown, "todo": [["B3 hears badly", "loses 8 % of what is said"]]}
    assert not operations.is_found(healthy, blamed)


@pytest.mark.proof
def test_faults_are_found_in_runs_that_are_made_now() -> None:
    assert operations_stale() == []
