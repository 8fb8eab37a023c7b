"""What boto3 raises becomes an error of AWS: operation, code, reason, what to check; and nothing that was secret."""

from __future__ import annotations

import pickle
import traceback

import boto3
import pytest
from botocore import exceptions
from botocore.config import Config
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

import batchsim as bs
from batchsim.aws.client import AwsAccount, aws_errors


def refusal(code: str, message: str = "no", status: int = 400) -> exceptions.ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(response, "CreateJobQueue")


def raised(error: Exception, about: str = "nightly", sent: object = None) -> bs.AwsError:
    with pytest.raises(bs.AwsError) as caught, aws_errors("CreateJobQueue", about, sent):
        raise error
    return caught.value


def everything_of(error: bs.AwsError) -> str:
    """All that a log could hold of an error."""
    return "\n".join([str(error), repr(error), *traceback.format_exception(error)])


@pytest.mark.parametrize(
    ("code", "status", "reason", "may_pass"),
    [
        ("ThrottlingException", 400, "busy", True),
        ("TooManyRequestsException", 429, "busy", True),
        ("ServerException", 500, "busy", True),
        ("AccessDeniedException", 403, "denied", False),
        ("ExpiredTokenException", 403, "denied", False),
        ("AuthFailure", 401, "denied", False),
        ("404", 404, "not-offered", False),
        ("UnknownOperationException", 400, "not-offered", False),
        ("NotFoundException", 404, "not-offered", False),
        ("ClientException", 400, "refused", False),
    ],
)
def test_why_aws_refused_and_whether_it_may_pass(code, status, reason, may_pass):
    error = raised(refusal(code, status=status))
    assert (error.operation, error.request, error.code) == ("CreateJobQueue", "nightly", code)
    assert (error.reason, error.may_pass) == (reason, may_pass)
    assert str(error).startswith(f"[aws] CreateJobQueue nightly: AWS refused: {code}: no")


@pytest.mark.parametrize(
    ("error", "reason", "hint"),
    [
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), "no-answer", "--endpoint-url"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), "no-answer", ""),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), "no-answer", ""),
        (exceptions.NoCredentialsError(), "denied", "--profile"),
        (exceptions.ProfileNotFound(profile="x"), "denied", "a profile of the AWS configuration"),
        (exceptions.UnauthorizedSSOTokenError(), "denied", "aws sso login"),
        (exceptions.ParamValidationError(report="x"), "refused", ""),
        (ResponseParserError("not XML"), "refused", "proxies"),
    ],
)
def test_where_aws_gave_no_answer_there_is_no_code(error, reason, hint):
    found = raised(error)
    assert (found.code, found.reason, found.may_pass) == ("", reason, reason == "no-answer")
    assert hint in found.finding.expected
    assert bool(hint) is bool(found.finding.expected)


def test_other_errors_pass_as_they_are():
    with pytest.raises(ZeroDivisionError), aws_errors("CreateJobQueue"):
        raise ZeroDivisionError


def test_it_is_no_scenario_error():
    assert not issubclass(bs.AwsError, bs.ScenarioError)
    assert issubclass(bs.AwsError, bs.BatchsimError)


def test_it_survives_pickling():
    error = raised(refusal("ThrottlingException"))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own)
    assert (str(again), again.args, again.may_pass) == (str(error), error.args, True)


SENT = {
    "containerProperties": {
        "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "BUCKET", "value": "data"}],
        "logConfiguration": {"options": {"splunk-token": "abc-123"}},
    },
    "retries": 3,
}


def test_a_secret_of_the_request_that_aws_quotes_is_in_nothing_that_is_printed():
    message = "environment=[{DB_PASSWORD hunter2} {BUCKET data}] token abc-123 in account :123456789012:"
    for error in (refusal("ClientException", message), exceptions.ParamValidationError(report=message)):
        found = raised(error, sent=SENT)
        text = everything_of(found)
        assert not any(secret in text for secret in ("hunter2", "abc-123", "123456789012"))
        assert "{BUCKET data}" in str(found)


def test_a_sign_in_is_masked():
    url = "http://ops:hunter2@proxy.internal:8080/"
    text = everything_of(raised(exceptions.EndpointConnectionError(endpoint_url=url)))
    assert "hunter2" not in text
    assert "//***@proxy.internal" in text
    assert "AKIA" not in everything_of(raised(refusal("SignatureDoesNotMatch", "Credential=AKIAIOSFODNN7EXAMPLE/2026")))


def test_an_account_s_number_is_masked_in_what_it_was_about():
    error = raised(refusal("ClientException"), about="arn:aws:batch:us-east-1:123456789012:job-queue/nightly")
    assert "123456789012" not in everything_of(error)
    assert error.request == "arn:aws:batch:us-east-1:***:job-queue/nightly"


def test_what_a_stubbed_client_raises():
    client = boto3.client("batch", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
    with Stubber(client) as stub:
        stub.add_client_error("create_job_queue", "TooManyRequestsException", "slow down", http_status_code=429)
        with pytest.raises(bs.AwsError) as caught, aws_errors("CreateJobQueue", "nightly"):
            client.create_job_queue(jobQueueName="nightly", priority=1)
    assert caught.value.may_pass
    assert "to try again later" in str(caught.value)


def test_nobody_at_the_endpoint():
    client = AwsAccount(region="us-east-1", endpoint_url="http://127.0.0.1:9", attempts=1).client()
    with pytest.raises(bs.AwsError) as caught, aws_errors("DescribeJobQueues"):
        client.describe_job_queues()
    assert (caught.value.reason, caught.value.code) == ("no-answer", "")


def test_a_client_is_made_once_for_each_question():
    account = AwsAccount(region="us-east-1")
    assert account.client() is account.client()
    assert account.client(once=True) is not account.client()
    assert account.client(once=True).meta.config.retries["total_max_attempts"] == 1


def test_a_profile_that_there_is_not():
    with pytest.raises(bs.AwsError, match="nobodys"):
        AwsAccount(profile="nobodys", region="us-east-1").client()


def test_a_region_and_an_endpoint_that_can_t_be_are_wrong_input():
    with pytest.raises(bs.ScenarioError, match=r"did you mean us-east-1\?"):
        AwsAccount(region="us-east1").client()
    with pytest.raises(bs.ScenarioError, match="--endpoint-url"):
        AwsAccount(region="us-east-1", endpoint_url="nonsense").client()
