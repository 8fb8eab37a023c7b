"""What is kept from prints and results: account ids, user data, environment variables that look like secrets."""

from __future__ import annotations

import re
from typing import Any

_ACCOUNT = re.compile(r"(?<=:)\d{12}(?=:)|\b\d{12}(?=\.dkr\.ecr\.)")
_SECRET_NAME = re.compile(r"secret|passw|token|credential|private|api_?key|access_?key|auth", re.IGNORECASE)
MASK = "***"


def redacted(text: str) -> str:
    """A text without account ids.

    Examples
    --------
    >>> redacted("arn:aws:batch:us-east-1:123456789012:job-queue/nightly")
    'arn:aws:batch:us-east-1:***:job-queue/nightly'
    """
    return _ACCOUNT.sub(MASK, text)


def is_secret(name: object) -> bool:
    """Whether an environment variable of this name probably holds a secret.

    Examples
    --------
    >>> is_secret("DB_PASSWORD"), is_secret("BUCKET")
    (True, False)
    """
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def shown(value: Any) -> Any:
    """A request as it may be printed: account ids, user data and the values of secret-looking variables masked."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {"name", "value"} and is_secret(value["name"]):
            return {**value, "value": MASK}
        return {key: MASK if _is_user_data(key) and item else shown(item) for key, item in value.items()}
    return value


def _is_user_data(member: object) -> bool:
    """Whether a member holds what an instance runs when it boots, secrets included."""
    return str(member).replace("_", "").lower() in ("userdata", "userdatabase64")
