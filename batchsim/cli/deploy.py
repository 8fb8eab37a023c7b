"""``batchsim deploy``: plan, ask, create or update in AWS; submit the jobs; remove it all again."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from batchsim.cli import options
from batchsim.errors import AwsError, Finding, ScenarioError

if TYPE_CHECKING:
    from batchsim.aws.client import AwsAccount
    from batchsim.aws.deployment.apply import Deployer
    from batchsim.aws.deployment.deployable import Deployable
    from batchsim.aws.deployment.plan import Plan


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "deploy",
        help="send the configuration to AWS",
        description="Show what would be created, updated, replaced or deleted in AWS, ask, and do it. Everything that "
        "is created is tagged; nothing without the tag is ever changed.",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario file (YAML)")
    parser.add_argument("--variant", metavar="NAME", help="deploy this variant of the scenario")
    parser.add_argument("--plan", action="store_true", help="show the plan, ask nothing, change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--destroy", action="store_true", help="remove everything of this scenario's deployment")
    parser.add_argument("--submit", action="store_true", help="then submit the jobs of every workflow, once")
    parser.add_argument("--submission", metavar="NAME", help="submit anew under this name")
    parser.add_argument(
        "--rate", metavar="N", type=float, default=10.0, help="jobs submitted a second, at most (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print the plan as JSON and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print nothing but the plan and errors")
    options.add_overrides(parser)
    options.add_ignore(parser)
    options.add_account(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command says and return the exit code."""
    from batchsim.aws.deployment.apply import Deployer
    from batchsim.aws.deployment.rendering import as_json, lines
    from batchsim.aws.deployment.submit import check_rate

    if arguments.destroy and arguments.submit:
        raise ScenarioError([Finding("usage", "--submit", "there is nothing to submit to after --destroy")])
    check_rate(arguments.rate)
    configuration = options.load_deployable(arguments)
    account = options.account(arguments, configuration.region)
    if not arguments.destroy:
        _refuse_undeployable(account, configuration)
    deployer = Deployer(account, say=_silent if arguments.quiet else _say)
    todo = _todo(account, configuration, destroy=arguments.destroy)
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(todo), indent=2) + "\n")
    else:
        print("\n".join(lines(todo, str(account.region))))  # noqa: T201
    if todo.conflicts:
        raise ScenarioError(todo.conflicts)
    if arguments.plan or not _agreed(todo, arguments):
        return 0
    _carry_out(deployer, todo, configuration)
    if arguments.submit:
        _submit(deployer, configuration, arguments)
    return 0


def _refuse_undeployable(account: AwsAccount, configuration: Deployable) -> None:
    """Refuse a configuration that lacks something, or that means other launch templates than the account's."""
    from batchsim.aws.deployment.launch_templates import unlike

    if configuration.missing:
        raise ScenarioError([lack.finding for lack in configuration.missing])
    findings = unlike(account, configuration)
    if findings:
        raise ScenarioError(findings)


def _todo(account: AwsAccount, configuration: Deployable, *, destroy: bool) -> Plan:
    """What there is to do, by what is in the account."""
    from batchsim.aws.deployment.inventory import take_inventory
    from batchsim.aws.deployment.plan import plan, plan_destroy
    from batchsim.aws.deployment.schedules import now, take_schedules, with_schedules, without_schedules
    from batchsim.aws.schedules.schedule import schedules_of

    inventory = take_inventory(account)
    there = take_schedules(account, schedules_of(configuration))
    if destroy:
        return without_schedules(plan_destroy(configuration.name, str(account.region), inventory), there)
    return with_schedules(plan(configuration, inventory), configuration, there, now())


def _agreed(todo: Plan, arguments: argparse.Namespace) -> bool:
    """Whether the user wants it done."""
    if arguments.yes or not (todo.changes or arguments.submit):
        return True
    if arguments.json or not sys.stdin.isatty():
        _say("nothing was changed: confirm with --yes")
        return False
    question = "Submit the jobs?" if not todo.changes else "Do this?"
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in {"y", "yes"}:
        return True
    _say("nothing was changed")
    return False


def _carry_out(deployer: Deployer, todo: Plan, configuration: Deployable) -> None:
    from batchsim.aws.deployment.schedules import ScheduleDeployer

    schedules = ScheduleDeployer(deployer.account, deployer.say)
    try:
        schedules.remove(todo)
        deployer.carry_out(todo)
        schedules.make(todo, configuration)
    except (AwsError, KeyboardInterrupt):
        _say("stopped; what is said above was done: the same command continues from there")
        raise


def _submit(deployer: Deployer, configuration: Any, arguments: argparse.Namespace) -> None:
    from batchsim.aws.deployment.submit import planned, submission_id, submit

    calls = planned(configuration.workload)
    submission = arguments.submission or submission_id(configuration.name, calls)
    if len(configuration.workload) > len({call.workflow for call in calls}):
        _say("traces are recordings without commands: their jobs are not submitted")
    try:
        sent = submit(deployer, configuration.name, calls, submission, arguments.rate)
    except (AwsError, KeyboardInterrupt):
        _say(f"stopped within submission {submission}: the same command submits the rest")
        raise
    if sent < len(calls):
        there = len(calls) - sent
        _say(
            f"{there} of {len(calls)} jobs of submission {submission} were there already; --submission NAME sends anew"
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


def _silent(_text: str) -> None:
    pass
