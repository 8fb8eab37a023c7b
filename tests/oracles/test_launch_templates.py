"""Launch templates worked by hand: volumes to the cent, overrides by type, the pull of images, boot, reservations.

Sources: Amazon EBS pricing (prices by the GB-month, IOPS-month and MiB/s-month; by the second, a minute at least); EBS
User Guide, *Amazon EBS volume types*; AWS Batch User Guide, *Use Amazon EC2 launch templates with AWS Batch*; API
LaunchTemplateSpecification; EC2 User Guide, *Launch instances into an existing Capacity Reservation*. Prices by region:
batchsim/catalog/data/SOURCES.md. A month has 730 hours.
"""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchsim as bs
from batchsim.catalog.catalog import NotInCatalogError
from batchsim.catalog.volumes import KINDS, EbsVolume, VolumePrices, volume_prices
from batchsim.errors import ScenarioError
from batchsim.scenario.loading import from_mapping, loads
from batchsim.spec.reservations import OPEN, ReservationUse
from tests.builders import environment, job, scenario, workflow

C6I_LARGE, M6I_LARGE = 0.085, 0.096  # USD per hour
HOURS = 730


def volume(size, kind="gp3", device="/dev/xvda", **members):
    return {"deviceName": device, "ebs": {"volumeSize": size, "volumeType": kind, **members}}


def template(*mappings, name="wide", **data):
    held = {"blockDeviceMappings": list(mappings)} if mappings else {}
    return {"launchTemplateName": name, "launchTemplateData": {**held, **data}}


def launched(*templates, runtime=3600, settings=None, reference=None, **resources):
    """A scenario of one job on an environment that is launched from the first template."""
    reference = reference or {"launchTemplateName": "wide"}
    made = scenario(
        workflow(job(runtime=runtime)),
        environments=[environment(launchTemplate=reference, **resources)],
        settings=settings,
    )
    return from_mapping({**made.document.values, "launchTemplates": list(templates)})


def total(made):
    return bs.run(made).summary["cost_usd"]["total"]


def offering(made, instance_type="c6i.large"):
    (environment_,) = made.configuration.environments
    return next(each for each in environment_.offerings if each.instance_type == instance_type)


def test_gp3_beyond_its_baseline_is_paid_by_the_operation_and_the_mebibyte():
    # An hour: 100 GB at 8 cents, 500 of 3,500 IOPS at half a cent, 125 of 250 MiB/s at 4 cents a month.
    made = launched(template(volume(100, iops=3500, throughput=250)))
    by_month = 100 * 0.08 + (3500 - 3000) * 0.005 + (250 - 125) * 0.04
    assert by_month == 15.5
    assert total(made) == pytest.approx(C6I_LARGE + 15.5 / HOURS, abs=1e-12)


def test_every_volume_of_an_instance_is_paid():
    # Frankfurt: 30 GB of gp3, the root, that the template does not name; 200 of gp2, 500 of st1, an instance store.
    made = launched(
        template(
            volume(200, "gp2", "/dev/sdb", deleteOnTermination=True),
            volume(500, "st1", "/dev/sdc", deleteOnTermination=True),
            {"deviceName": "/dev/sdd", "virtualName": "ephemeral0"},
        ),
        settings={"prices": {"overrides": {"c6i.large": 0.0}}},
    )
    frankfurt = from_mapping({**made.document.values, "region": "eu-central-1"})
    by_month = 30 * 0.0952 + 200 * 0.119 + 500 * 0.054
    assert total(frankfurt) == pytest.approx(by_month / HOURS, abs=1e-12)
    assert total(made) == pytest.approx((30 * 0.08 + 200 * 0.10 + 500 * 0.045) / HOURS, abs=1e-12)


def test_io2_costs_less_by_the_operation_the_more_there_are():
    # Tokyo, as the AWS Price List has it of 2026-09: 32,000 at 7.4 cents, 32,000 at 5.18, 6,000 at 3.626.
    volume_ = EbsVolume("io2", 200, 70_000)
    by_month = 200 * 0.142 + 32_000 * 0.074 + 32_000 * 0.0518 + 6_000 * 0.03626
    assert volume_prices("io2", "ap-northeast-1").usd_per_month(volume_) == pytest.approx(by_month, abs=1e-6)
    io1 = EbsVolume("io1", 200, 5_000)
    assert volume_prices("io1", "ap-northeast-1").usd_per_month(io1) == pytest.approx(200 * 0.142 + 5_000 * 0.074)


def test_volumes_have_a_minute_at_least_from_launch_on():
    # Asked for at 0, running at 40, gone at 50 s: 60 s of the volume, 60 s of the instance.
    made = launched(template(volume(1000)), runtime=10, settings={"ec2": {"launch": 40}})
    assert total(made) == pytest.approx(60 * (C6I_LARGE + 1000 * 0.08 / HOURS) / 3600, abs=1e-12)


def test_an_override_is_used_in_place_of_the_default_template():
    # m6i.large is launched from the override, c6i.large from the default: their volumes differ, and their pull.
    made = launched(
        template(volume(100)),
        template(volume(500, throughput=250), name="large"),
        reference={
            "launchTemplateName": "wide",
            "overrides": [{"launchTemplateName": "large", "targetInstanceTypes": ["m6i"]}],
        },
        instanceTypes=["c6i.large", "m6i.large"],
    )
    assert offering(made).volumes_usd_per_hour == pytest.approx(100 * 0.08 / HOURS)
    assert offering(made, "m6i.large").volumes_usd_per_hour == pytest.approx((500 * 0.08 + 125 * 0.04) / HOURS)
    assert (offering(made).pull_mib_per_s, offering(made, "m6i.large").pull_mib_per_s) == (45, 90)
    alone = made.with_(instanceTypes=["m6i.large"])
    assert total(alone) == pytest.approx(M6I_LARGE + (500 * 0.08 + 125 * 0.04) / HOURS, abs=1e-12)


@pytest.mark.parametrize(
    ("members", "rate"),
    [
        # 45 MiB/s at 125 MiB/s of disk; in proportion, and 150 MiB/s at most, where the disk limits no more.
        ({"kind": "gp3"}, 45),
        ({"kind": "gp3", "throughput": 200}, 45 * 200 / 125),
        ({"kind": "gp3", "throughput": 1000, "iops": 4000}, 150),
        ({"kind": "gp2"}, 45 * 128 / 125),
        ({"kind": "io1", "iops": 400}, 45 * (0.25 * 400) / 125),
        ({"kind": "io2", "iops": 5000}, 150),
    ],
)
def test_an_image_is_pulled_as_fast_as_the_root_volume_takes_it(members, rate):
    settings = {"image": {"size": "900MiB"}}
    made = launched(template(volume(100, **members)), settings=settings)
    assert offering(made).pull_mib_per_s == pytest.approx(rate)
    started = bs.run(made).jobs
    assert started["started_at"][0] - started["starting_at"][0] == pytest.approx(900 / rate)


def test_a_further_volume_and_a_local_disk_change_no_pull():
    made = launched(
        template(volume(100, device="/dev/xvdcz", throughput=250, deleteOnTermination=True)),
        instanceTypes=["c6i.large", "c6id.large"],
    )
    assert offering(made).pull_mib_per_s == 45
    assert offering(made, "c6id.large").pull_mib_per_s == 150


def test_a_stated_boot_delay_is_waited_for_and_paid():
    # Running at 40, registered at 100 and half a minute of user data.
    settings = {"ec2": {"launch": 40, "register": 60, "bootDelay": {"wide": "30s"}}}
    made = launched(template(), runtime=300, settings=settings)
    result = bs.run(made)
    assert list(result.jobs["starting_at"]) == [130]
    volume_ = 430 * 30 * 0.08 / HOURS / 3600
    assert result.summary["cost_usd"]["total"] == pytest.approx((430 - 40) * C6I_LARGE / 3600 + volume_, abs=1e-12)


def test_a_boot_delay_goes_by_the_name_of_a_template_that_is_not_held_too():
    settings = {"ec2": {"bootDelay": {"lt-0abc": "30s"}}}
    made = launched(runtime=300, settings=settings, reference={"launchTemplateId": "lt-0abc"})
    assert list(bs.run(made).jobs["starting_at"]) == [30]
    assert [finding.code for finding in made.warnings] == ["launch-template-held"]


def test_a_boot_delay_of_nothing_is_told():
    made = launched(template(), settings={"ec2": {"bootDelay": {"wid": "30s", "wide": "20s"}}})
    (finding,) = made.warnings
    assert (finding.code, finding.path) == ("boot-delay", "environment.ec2.bootDelay.wid")
    assert "did you mean wide?" in str(finding)


def test_what_is_carried_changes_nothing():
    plain = scenario(workflow(job(runtime=300)))
    carried = launched(
        template(
            imageId="ami-0abc",
            metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 2},
            monitoring={"enabled": False},
            tagSpecifications=[{"resourceType": "instance", "tags": [{"key": "team", "value": "data"}]}],
            instanceType="m6i.24xlarge",
            keyName="mine",
        ),
        runtime=300,
    )
    assert carried.configuration == plain.configuration
    assert bs.run(carried).summary["cost_usd"] == bs.run(plain).summary["cost_usd"]


@pytest.mark.parametrize(
    ("said", "use"),
    [
        ({}, OPEN),
        ({"capacityReservationPreference": "open"}, OPEN),
        ({"capacityReservationPreference": "none"}, ReservationUse("none")),
        ({"capacityReservationPreference": "capacity-reservations-only"}, ReservationUse("only")),
        (
            {"capacityReservationTarget": {"capacityReservationId": "cr-1"}},
            ReservationUse("only", ("cr-1",)),
        ),
        (
            {
                "capacityReservationTarget": {
                    "capacityReservationResourceGroupArn": "arn:aws:resource-groups:r:1:group/g"
                }
            },
            ReservationUse("open", ("arn:aws:resource-groups:r:1:group/g",)),
        ),
    ],
)
def test_which_capacity_reservations_are_used(said, use):
    groups = ["arn:aws:resource-groups:r:1:group/g"]
    reserved = {"name": "kept", "id": "cr-1", "instanceType": "c6i.large", "zone": "us-east-1a", "instances": 1}
    settings = {"capacity": {"reservations": [{**reserved, "groups": groups}]}}
    made = launched(template(capacityReservationSpecification=said), settings=settings)
    assert made.configuration.environments[0].reservation_use == use


VERSIONS = [
    {"launchTemplateId": "lt-1", "launchTemplateName": "wide", "versionNumber": number, "defaultVersion": number == 2,
     "launchTemplateData": {"blockDeviceMappings": [volume(100 * number)]}}
    for number in (1, 2, 3)
]  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "gib"),
    [
        ({"launchTemplateName": "wide"}, 200),
        ({"launchTemplateName": "wide", "version": "$Default"}, 200),
        ({"launchTemplateId": "lt-1", "version": "$Latest"}, 300),
        ({"launchTemplateId": "lt-1", "version": "1"}, 100),
    ],
)
def test_a_version_is_that_which_the_environment_means(reference, gib):
    made = launched(*VERSIONS, reference=reference)
    assert offering(made).volumes_usd_per_hour == pytest.approx(gib * 0.08 / HOURS)


def test_stated_prices_hold_and_a_kind_that_nobody_knows_the_price_of_is_named(tmp_path):
    root, settings = template(volume(100, "gp2")), {"prices": {"overrides": {"gp2": {"gbMonth": 0.2}}}}
    assert offering(launched(root, settings=settings)).volumes_usd_per_hour == pytest.approx(100 * 0.2 / HOURS)
    settings = {"prices": {"overrides": {"gp3": {"throughputMonth": 0.1, "iopsMonth": 0.01}}}}
    made = launched(template(volume(100, iops=3500, throughput=250)), settings=settings)
    assert offering(made).volumes_usd_per_hour == pytest.approx((8 + 500 * 0.01 + 125 * 0.1) / HOURS)
    with pytest.raises(NotInCatalogError, match="no price of io1 volumes for us-west-2-lax-1"):
        volume_prices("io1", "us-west-2-lax-1")


def test_templates_in_files_mean_the_same(tmp_path):
    data = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3"}}]}
    request = {"LaunchTemplateName": "wide", "LaunchTemplateData": data}
    answer = {"LaunchTemplateVersions": [
        {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "wide", "VersionNumber": 1, "DefaultVersion": True,
         "CreateTime": "2026-11-02T00:00:00+00:00", "LaunchTemplateData": data},
    ]}  # fmt: skip
    inline = launched(template(volume(100)))
    for name, content in (("request.json", request), ("answer.json", answer)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        values = {**inline.document.values, "launchTemplates": [{"file": name}]}
        (tmp_path / "scenario.yaml").write_text(json.dumps(values), encoding="utf-8")
        made = bs.load(tmp_path / "scenario.yaml")
        assert made.configuration == inline.configuration
        # What is written holds the content, so that it means the same elsewhere.
        assert loads(made.to_yaml()).configuration == inline.configuration


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (None, "launchTemplates.0.file", "No such file"),
        ("[]", "launchTemplates.0.file", "holds no launch template"),
        ("{", "launchTemplates.0.file", "expected"),
        ("[" * 16_000_001, "launchTemplates.0.file", "16,000,001 characters; expected 16,000,000 at most"),
        ('{"LaunchTemplateData": {}}', "launchTemplates.0", "launchTemplateName is missing"),
        ('{"LaunchTemplateName": "wide"}', "launchTemplates.wide", "launchTemplateData is missing"),
        (
            '{"LaunchTemplateName": "wide", "LaunchTemplateData": {"ImageID": "ami-1"}}',
            "launchTemplates.wide.LaunchTemplateData.ImageID",
            "did you mean imageId?",
        ),
        (
            '{"LaunchTemplateName": "wide", "LaunchTemplateData":\n {"EbsOptimized": "yes"}}',
            "launchTemplates.wide.LaunchTemplateData.EbsOptimized",
            "true or false",
        ),
    ],
)
def test_a_wrong_file_is_told_at_its_place(tmp_path, content, path, words):
    if content is not None:
        (tmp_path / "wide.json").write_text(content, encoding="utf-8")
    values = {**launched(template()).document.values, "launchTemplates": [{"file": "wide.json"}]}
    (tmp_path / "scenario.yaml").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        bs.load(tmp_path / "scenario.yaml")
    (finding,) = [each for each in caught.value.findings if each.path == path]
    assert words in str(finding)
    assert finding.line > 0


def test_user_data_are_in_no_result(tmp_path):
    secret = base64.b64encode(b"PASSWORD=hunter2").decode()
    made = launched(template(userData=secret))
    assert secret in made.to_yaml()
    assert secret not in made.to_yaml(public=True)
    assert not [finding for finding in made.warnings if "hunter2" in str(finding) or secret in str(finding)]


@given(
    kind=st.sampled_from(sorted(KINDS)),
    gib=st.integers(125, 16_384),
    more=st.integers(1, 1000),
    iops=st.integers(3000, 16_000),
    mib_per_s=st.integers(125, 1000),
)
def test_more_of_anything_never_costs_less(kind, gib, more, iops, mib_per_s):
    prices = volume_prices(kind, "us-east-1")
    kind_has_iops = KINDS[kind].iops is not None
    asked = (iops if kind_has_iops else None), (mib_per_s if kind == "gp3" else None)
    usd = prices.usd_per_month(EbsVolume(kind, gib, *asked))
    assert usd >= gib * prices.gb
    assert prices.usd_per_month(EbsVolume(kind, gib + more, *asked)) == pytest.approx(usd + more * prices.gb)
    if kind_has_iops:
        assert prices.usd_per_month(EbsVolume(kind, gib, iops + more, asked[1])) == pytest.approx(
            usd + more * prices.iops
        )
    if kind == "gp3":
        both = prices.usd_per_month(EbsVolume(kind, gib, iops, mib_per_s + more))
        assert both == pytest.approx(usd + more * prices.mib_per_s)
    assert VolumePrices(0.0).usd_per_month(EbsVolume(kind, gib, *asked)) == 0
