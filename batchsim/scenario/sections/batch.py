"""The ``batch:`` section: whether each request has the shape that AWS's API wants."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch import service_model
from batchsim.scenario.document.document import Document, Where


def check_batch(document: Document, right: Collection[int] = ()) -> Iterator[Finding]:
    """Findings about the ``batch:`` section's shapes.

    Parameters
    ----------
    right : collection of int
        Identities of requests that are known to have the right shape.
    """
    batch = document.values.get("batch")
    if not isinstance(batch, dict):
        message = "not a mapping" if "batch" in document.values else "batch is missing"
        yield document.finding(
            ("batch",), "missing-key", message, expected="computeEnvironments, jobQueues, jobDefinitions"
        )
        return
    for kind, objects in batch.items():
        where: Where = ("batch", kind)
        if kind not in service_model.REQUESTS:
            near = nearest(kind, service_model.REQUESTS)
            yield document.finding(where, "unknown-key", "unknown key", suggestion=near, key=True)
        elif not isinstance(objects, list):
            yield document.finding(where, "wrong-type", "not a list", expected="a list of request shapes")
        else:
            for index, value in enumerate(objects):
                if id(value) not in right:
                    yield from service_model.check(value, service_model.REQUESTS[kind], (*where, index), document)
    for kind in ("computeEnvironments", "jobQueues", "jobDefinitions"):
        if not batch.get(kind):
            yield document.finding(("batch",), "missing-key", f"{kind} is missing")
