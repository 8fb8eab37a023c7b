"""What is modelled, held against the installed service model."""

from __future__ import annotations

from batchsim.scenario.batch.member_coverage import MEMBERS, members


def test_every_member_of_the_requests_is_known():
    unknown = [f"{shape}.{member}" for shape, member in members() if f"{shape}.{member}" not in MEMBERS]
    assert unknown == []


def test_no_member_is_listed_that_aws_does_not_have():
    listed = {f"{shape}.{member}" for shape, member in members()}
    assert set(MEMBERS) <= listed
