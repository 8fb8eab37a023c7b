from __future__ import annotations

from tests.aws.conftest import moto_url  # noqa: F401 (a fixture)
