"""Clients of AWS, and its errors as ours: one line with the operation and what to check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from batchsim.errors import AwsError, AwsReason, Finding, ScenarioError, nearest
from batchsim.redaction import MASK, is_secret, redacted


@dataclass(frozen=True)
class AwsAccount:
    """Where commands are sent: whose credentials, which region, which endpoint.

    Attributes
    ----------
    profile, region, endpoint_url : str, optional
        Of the AWS configuration; None takes what boto3 finds.
    attempts : int
        How often a call is tried that may be repeated without harm (boto3's standard retry mode).
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    attempts: int = 5
    _clients: dict[tuple[str, bool], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def client(self, service: str = "batch", *, once: bool = False) -> Any:
        """A boto3 client; the same for the same question.

        Parameters
        ----------
        once : bool
            Whether a call is never repeated by boto3: for what would happen twice, such as SubmitJob, which has no
            token that makes a repetition harmless.

        Raises
        ------
        ScenarioError
            If boto3 is not installed, the region is unknown or the endpoint is no URL.
        AwsError
            If the profile is unknown.
        """
        if (service, once) not in self._clients:
            self._clients[service, once] = self._client(service, once=once)
        return self._clients[service, once]

    def _client(self, service: str, *, once: bool) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            message = "boto3 is not installed"
            raise ScenarioError([Finding("no-boto3", "", message, 'pip install "batchsim[aws]"')]) from None
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1 if once else self.attempts},
            user_agent_extra="batchsim",
            connect_timeout=10,
        )
        with aws_errors(f"{service}: configuration"):
            session = boto3.Session(profile_name=self.profile, region_name=self.region)
            if self.endpoint_url is None and self.region is not None:
                _check_region(self.region, session.get_available_regions("batch"))
            try:
                return session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]
            except ValueError as error:  # botocore checks the form of an endpoint so
                finding = Finding("usage", "--endpoint-url", str(error), "a URL such as http://127.0.0.1:5000")
                raise ScenarioError([finding]) from None


def _check_region(region: str, regions: Sequence[str]) -> None:
    if region not in regions:
        message = f"AWS Batch is not known to be in {region!r}"
        raise ScenarioError([Finding("unknown-region", "--region", message, suggestion=nearest(region, regions))])


@contextmanager
def aws_errors(operation: str, about: str = "", sent: Any = None) -> Iterator[None]:
    """Turn what boto3 raises into an `AwsError`.

    The original is not chained: its message, which a traceback would print, may quote what was sent.

    Parameters
    ----------
    operation : str
        Of the API: ``CreateJobQueue``.
    about : str
        What the request is about: ``nightly``.
    sent : optional
        The request's content: its secrets are masked where AWS's answer quotes them.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    about = redacted(about)
    try:
        yield
    except ClientError as error:
        raise _refused(operation, about, sent, error.response) from None
    except (BotoCoreError, ResponseParserError) as error:
        expected = next((_HINTS[each.__name__] for each in type(error).__mro__ if each.__name__ in _HINTS), "")
        finding = _finding(operation, about, _masked(str(error), sent), expected)
        raise AwsError(finding, operation, about, reason=_reason_without_answer(error)) from None


#: Error codes that say: not now, and nothing has happened.
_THROTTLED = frozenset({"ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded"})
_BUSY = _THROTTLED | {"ServerException", "InternalFailure", "ServiceUnavailable"}
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "AuthFailure", "UnauthorizedOperation", "UnrecognizedClientException",
    "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch",
    "InvalidSignatureException",
})  # fmt: skip
#: What an endpoint answers that does not know an operation, besides a status of 404.
_NOT_OFFERED = frozenset({"404", "UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented"})

#: What to look at, by the class of botocore's error or one that it inherits from.
_HINTS = {
    "NoCredentialsError": "credentials: --profile, the AWS_… variables, or `aws configure`",
    "PartialCredentialsError": "both parts of the credentials",
    "NoRegionError": "a region: --region or the scenario's",
    "ProfileNotFound": "a profile of the AWS configuration",
    "EndpointConnectionError": "a network, and a region that has AWS Batch: look at --region and --endpoint-url",
    "TokenRetrievalError": "a fresh sign-in: `aws sso login`",
    "UnauthorizedSSOTokenError": "a fresh sign-in: `aws sso login`",
    "ResponseParserError": "an answer of AWS: look at --endpoint-url and at proxies in between",
}


def _refused(operation: str, about: str, sent: Any, response: Any) -> AwsError:
    answer = response.get("Error", {})
    code = str(answer.get("Code", ""))
    reason = _reason(code, response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    expected = ""
    if reason == "denied":
        expected = "credentials that may do this: look at the profile and its IAM policy"
    elif code in _THROTTLED:
        expected = "to try again later: AWS limits the rate of calls"
    message = _masked(str(answer.get("Message", "")), sent) or "it says no more"
    return AwsError(
        _finding(operation, about, f"AWS refused: {code}: {message}", expected), operation, about, code, reason
    )


def _reason(code: str, status: int | None) -> AwsReason:
    if code in _BUSY:
        return "busy"
    if code in _DENIED:
        return "denied"
    return "not-offered" if code in _NOT_OFFERED or status == HTTPStatus.NOT_FOUND else "refused"


def _reason_without_answer(error: Exception) -> AwsReason:
    from botocore import exceptions

    lost = (exceptions.HTTPClientError, exceptions.ConnectionError, exceptions.IncompleteReadError)
    if isinstance(error, lost):
        return "no-answer"
    signed_out = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.ProfileNotFound,
        exceptions.SSOError,
    )
    return "denied" if isinstance(error, signed_out) else "refused"


def _finding(operation: str, about: str, message: str, expected: str = "") -> Finding:
    return Finding("aws", f"{operation} {about}".rstrip(), " ".join(message.split()), expected)


_SIGN_IN = re.compile(r"(?<=//)[^/@\s]+(?=@)|\bA[KS]IA[A-Z0-9]{16}\b")


def _masked(text: str, sent: Any) -> str:
    """A message without account ids, sign-ins, and the secrets of the request that it may quote."""
    for secret in sorted(_secrets(sent), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return redacted(_SIGN_IN.sub(MASK, text))


def _secrets(value: Any) -> set[str]:
    """Texts in a request that are the values of secret-looking names."""
    if isinstance(value, list):
        return set().union(*map(_secrets, value))
    if not isinstance(value, dict):
        return set()
    pairs = [(value.get("name"), value["value"])] if "value" in value else []
    named = {str(text) for name, text in (*value.items(), *pairs) if is_secret(name) and isinstance(text, str)}
    return (named - {""}).union(*map(_secrets, value.values()))
