"""Clients of AWS, and its errors as findings: one line with the operation and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from batchsim.errors import Finding, ScenarioError, nearest
from batchsim.redaction import redacted

#: Error codes that say: not now, and nothing has happened.
THROTTLED = frozenset({"ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded"})
_NO_ACCESS = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnrecognizedClientException",
    "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch",
    "InvalidSignatureException",
})  # fmt: skip


@dataclass(frozen=True)
class Account:
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
            If boto3 is not installed, or profile or region are unknown.
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
            regions = session.get_available_regions("batch")
            if self.endpoint_url is None and self.region is not None and self.region not in regions:
                near = nearest(self.region, regions)
                message = f"AWS Batch is not known to be in {self.region!r}"
                raise ScenarioError([Finding("unknown-region", "--region", message, suggestion=near)])
            try:
                return session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]
            except ValueError as error:  # botocore checks the form of an endpoint so
                finding = Finding("usage", "--endpoint-url", str(error), "a URL such as http://127.0.0.1:5000")
                raise ScenarioError([finding]) from None


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Turn what boto3 raises into a finding.

    Parameters
    ----------
    what : str
        The operation and what it was about: ``CreateJobQueue nightly``.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        expected = "credentials that may do this: look at the profile and its IAM policy" if code in _NO_ACCESS else ""
        if code in THROTTLED:
            expected = "to try again later: AWS limits the rate of calls"
        raise ScenarioError([_finding(what, f"AWS refused: {code}: {message}", expected)]) from error
    except BotoCoreError as error:
        raise ScenarioError([_finding(what, str(error), _HINTS.get(type(error).__name__, ""))]) from error


_HINTS = {
    "NoCredentialsError": "credentials: --profile, the AWS_… variables, or `aws configure`",
    "PartialCredentialsError": "both parts of the credentials",
    "NoRegionError": "a region: --region or the scenario's",
    "ProfileNotFound": "a profile of the AWS configuration",
    "EndpointConnectionError": "a network, and a region that has AWS Batch: look at --region and --endpoint-url",
    "TokenRetrievalError": "a fresh sign-in: `aws sso login`",
    "UnauthorizedSSOTokenError": "a fresh sign-in: `aws sso login`",
}


def _finding(what: str, message: str, expected: str) -> Finding:
    return Finding("aws", what, redacted(" ".join(message.split())), expected)


def error_code(error: ScenarioError) -> str:
    """The code of the AWS error behind a finding; empty when AWS gave no answer."""
    response = getattr(error.__cause__, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
