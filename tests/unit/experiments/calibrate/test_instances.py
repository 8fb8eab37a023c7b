"""Instances: how long they take to be there, how long they stay idle, and their memory."""

from __future__ import annotations

import pytest

import batchsim as bs
from batchsim.aws.histories.answers import read_history
from batchsim.aws.histories.configuration import AccountConfiguration, read_configuration
from batchsim.aws.histories.records import RecordedInstance, ScalingActivity
from batchsim.experiments.calibrate.calibration import calibrate
from batchsim.experiments.calibrate.instances import UNKNOWN_OPTION, learn_instance_delays, learn_memory
from batchsim.experiments.calibrate.scenario_text import checked_scenario_text
from batchsim.experiments.run_store import write_run
from batchsim.scenario.loading import loads
from tests.conftest import ROOT
from tests.unit.experiments.calibrate.records import MONDAY, attempt, history, job


def machine(number, registered=100.0, **more):
    return RecordedInstance(f"arn/{number}", f"i-{number}", registered_at=MONDAY + registered,
                            **{"instance_type": "m6i.large", "memory_mib": 7739, **more})  # fmt: skip


def activity(number, begun, ended, *, launches=True, cause="", environment=""):
    return ScalingActivity(f"{number}-{launches}", f"i-{number}", launches, environment, MONDAY + begun, MONDAY + ended,
                           cause)  # fmt: skip


def configuration(**types):
    """Environments by name and type; a type may come with more members of computeResources."""
    listed = [
        {
            "computeEnvironmentName": name,
            "computeResources": each if isinstance(each, dict) else {"type": each},
        }
        for name, each in types.items()
    ]
    return AccountConfiguration({"computeEnvironments": listed}, {})


def delays(*args, config=None, **more):
    found = learn_instance_delays(history(*args, **more), config)
    return {each.delay: each for each in found}


def test_a_launch_lasts_as_its_activity_and_registration_from_its_end_on():
    machines = tuple(machine(number, registered=number + 90) for number in range(10))
    launches = tuple(activity(number, number, number + 30) for number in range(10))
    found = delays(job(), instances=machines, activities=launches, config=configuration(fleet="EC2"))
    launch, register = found["launch of an instance on demand"], found["boot and registration"]
    assert (launch.n, launch.p50_s, launch.key, launch.written) == (10, 30.0, ("ec2", "launch"), 30.0)
    assert (register.n, register.written, register.key) == (10, 60.0, ("ec2", "register"))


def test_nine_are_too_few_to_be_written():
    launches = tuple(activity(number, number, number + 30) for number in range(9))
    launch = delays(job(), activities=launches, config=configuration(fleet="EC2"))["launch of an instance on demand"]
    assert launch.written is None
    assert "9 of the 10" in launch.why


def test_types_that_boot_longer_are_told_as_others():
    machines = tuple(machine(number, 30 + 90, instance_type="g5.xlarge") for number in range(10))
    launches = tuple(activity(number, 0, 30) for number in range(10))
    assert delays(job(), instances=machines, activities=launches)["boot and registration"].written == 60.0


def test_instances_that_register_before_they_run_are_left_out_and_said():
    launches = tuple(activity(number, 0, 150) for number in range(2))
    found = delays(job(), instances=(machine(0, 100), machine(1, 200)), activities=launches)["boot and registration"]
    assert (found.n, found.p50_s) == (1, 50.0)
    assert "1 that registered before" in found.why


def test_of_spot_alone_the_choice_of_a_pool_is_in_the_launch():
    launches = tuple(activity(number, 0, 40) for number in range(10))
    found = delays(job(), activities=launches, config=configuration(fleet="SPOT"))
    assert found["launch of a Spot instance"].key == ("ec2", "launch")
    assert (found["choice of a Spot pool"].key, found["choice of a Spot pool"].written) == (
        ("ec2", "spotFulfilment"),
        0,
    )


def test_of_both_only_on_demand_is_written():
    launches = tuple(
        activity(number, 0, 30 + number % 2 * 10, environment=("od", "spot")[number % 2]) for number in range(20)
    )
    found = delays(job(), activities=launches, config=configuration(od="EC2", spot="SPOT"))
    assert found["launch of an instance on demand"].written == 30.0
    assert found["launch of a Spot instance"].p50_s == 40.0
    assert found["launch of a Spot instance"].written is None


def test_what_nothing_says_the_option_of_is_not_written():
    launches = tuple(activity(number, 0, 30) for number in range(20))
    for config in (None, configuration(od="EC2", spot="SPOT")):
        found = delays(job(), activities=launches, config=config)["launch of an instance"]
        assert found.written is None
        assert UNKNOWN_OPTION in found.why


def idle(number, *, cause="a user request", terminated=400.0, gap=50.0):
    """An instance that ran from 100 to 200, and from so much later on for 30 s more."""
    name = f"arn/{number}"
    first = job(f"{number}a", attempt(100, 200, instance=name))
    second = job(f"{number}b", attempt(200 + gap, 230 + gap, instance=name))
    return [first, second], activity(number, terminated, terminated + 60, launches=False, cause=cause)


def idle_of(made, config=None):
    jobs = [each for both, _ in made for each in both]
    ends = tuple(end for _, end in made if end is not None)
    machines = tuple(machine(number) for number in range(len(made)))
    return delays(*jobs, instances=machines, activities=ends, config=config)["idle time before scale-in"]


def test_idle_is_from_the_last_end_to_the_termination():
    found = idle_of([idle(number) for number in range(10)])
    assert (found.n, found.censored, found.written) == (10, 0, 120.0)


def test_what_was_not_scaled_in_was_idle_for_longer_than_it_was_seen():
    made = [idle(number) for number in range(10)]
    made[3] = idle(3, cause="an EC2 health check indicating it has been terminated or stopped")
    made[4] = (idle(4)[0], None)  # still there
    made[5] = idle(5, terminated=150.0)  # clocks that differ: it ran after its end
    found = idle_of(made)
    assert (found.n, found.censored) == (7, 3)


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"type": "EC2", "minvCpus": 4}, "minvCpus keeps"),
        ({"type": "EC2", "minvCpus": 0, "scalingPolicy": {"minScaleDownDelayMinutes": 20}}, "minScaleDownDelayMinutes"),
    ],
)
def test_what_keeps_instances_is_no_idle_time_of_the_scheduler(resources, told):
    found = idle_of([idle(number) for number in range(10)], configuration(fleet=resources))
    assert found.written is None
    assert told in found.why


def test_memory_is_the_least_of_a_type():
    machines = (machine(1), machine(2, memory_mib=7700.0, image="ami-2"), machine(3, instance_type="zz9.large"))
    known, unknown = learn_memory(history(job(), instances=machines))
    assert (known.instance_type, known.mib, known.known_mib, known.n) == ("m6i.large", 7700, 7739, 2)
    assert "7700 to 7739" in known.why
    assert unknown.known_mib is None


def test_nothing_without_activities():
    (found,) = learn_instance_delays(history(job()), None)
    assert (found.n, found.written) == (0, None)
    assert "describe-scaling-activities" in found.why


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A week of etl with other delays than the default, and its results."""
    folder = tmp_path_factory.mktemp("run")
    scenario = bs.load(ROOT / "scenarios" / "etl.yaml").with_(
        {
            "environment.ec2.launch": {"uniform": {"min": 50, "max": 70}},
            "environment.ec2.spotFulfilment": 0,
            "environment.ec2.register": {"uniform": {"min": 100, "max": 140}},
            "environment.scheduler.scaleDownIdle": {"uniform": {"min": 700, "max": 900}},
        }
    )
    write_run(bs.run(scenario), folder / "results")
    return folder / "results"


def mean(delay):
    values = delay.written["empirical"]["values"]
    return sum(values) / len(values)


def test_what_a_run_had_is_learnt_again_and_had_again(run, tmp_path):
    """Of a run, and of a run of the scenario that it taught."""
    config = read_configuration(run / "scenario.yaml")
    learned = calibrate(read_history([run]), config)
    text = checked_scenario_text(learned, config)
    settings = loads(text).environment
    assert settings.scheduler.scale_down_interval == 0.0
    assert settings.ec2.memory == {each.instance_type: each.mib for each in learned.memory}
    write_run(bs.run(loads(text)), tmp_path / "again")
    again = calibrate(read_history([tmp_path / "again"]), config)
    for each in (learned, again):
        found = {delay.delay: delay for delay in each.delays}
        register, idle_s = found["boot and registration"], found["idle time before scale-in"]
        assert min(register.n, idle_s.n) > 50
        assert mean(register) == pytest.approx(120, rel=0.05)
        # 800 on the average, and half an interval of 60 until a look; four standard errors are 3 %.
        assert mean(idle_s) == pytest.approx(830, rel=0.03)
