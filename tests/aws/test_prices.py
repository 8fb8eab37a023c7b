from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import batchsim as bs
from batchsim.aws import prices
from batchsim.aws.client import AwsAccount
from batchsim.aws.prices import refresh
from batchsim.catalog.catalog import BUNDLED, rows
from batchsim.catalog.user_catalog import TABLES, read_catalog
from batchsim.cli.main import main
from batchsim.errors import OutputError
from tests.builders import environment, job, scenario, workflow

TODAY = date(2026, 11, 23)


def filters(region: str, **wanted: str) -> list[dict[str, str]]:
    fields = {"regionCode": region, **wanted}
    return [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()]


LINUX = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}


def product(usd: str, unit: str = "Hrs", *, since: str = "2026-11-01T00:00:00Z", **attributes: str) -> str:
    """A document of the price list with one on-demand term."""
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    term = {"effectiveDate": since, "priceDimensions": {"A.JRTCKXETXF.6YS6EN2CT7": dimension}}
    content = {"product": {"attributes": attributes}, "terms": {"OnDemand": {"A.JRTCKXETXF": term}, "Reserved": {}}}
    return json.dumps(content)


def instance_type(name: str, vcpus: int = 2, **members: Any) -> dict[str, Any]:
    return {
        "InstanceType": name,
        "CurrentGeneration": True,
        "BareMetal": False,
        "BurstablePerformanceSupported": False,
        "SupportedUsageClasses": ["spot", "on-demand"],
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
        "VCpuInfo": {"DefaultVCpus": vcpus},
        "MemoryInfo": {"SizeInMiB": 2048 * vcpus},
        **members,
    }


def at(zone: str, price: str, minute: int = 0, kind: str = "c6i.large") -> dict[str, Any]:
    moment = datetime(2026, 11, 23, 12, minute, tzinfo=UTC)
    return {"InstanceType": kind, "AvailabilityZone": zone, "SpotPrice": price, "Timestamp": moment}


@dataclass(frozen=True)
class Stubbed(AwsAccount):
    """An account whose clients are stubs, one for each service and region."""

    stubs: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str = "batch", *, once: bool = False) -> Any:
        import boto3
        from botocore.stub import Stubber

        region = self.region or "us-east-1"
        if (service, region) not in self.stubs:
            client = boto3.client(service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
            stub = Stubber(client)
            stub.activate()
            self.stubs[service, region] = stub
        return self.stubs[service, region].client

    def stub(self, service: str, region: str = "us-east-1") -> Any:
        """The stub of a client."""
        Stubbed(region=region, stubs=self.stubs).client(service)
        return self.stubs[service, region]

    def ec2(self, types: list[list[dict[str, Any]]], history: list[dict[str, Any]], region: str = "us-east-1") -> None:
        """Answer with pages of instance types and with Spot prices."""
        from botocore.stub import ANY

        stub = self.stub("ec2", region)
        for number, page in enumerate(types):
            token = {} if number == len(types) - 1 else {"NextToken": f"page{number + 1}"}
            asked = {"NextToken": f"page{number}"} if number else {}
            stub.add_response("describe_instance_types", {"InstanceTypes": page, **token}, asked)
        request = {"StartTime": ANY, "ProductDescriptions": ["Linux/UNIX"]}
        stub.add_response("describe_spot_price_history", {"SpotPriceHistory": history, "NextToken": ""}, request)

    def products(self, service: str, documents: list[str], region: str = "us-east-1", **wanted: str) -> None:
        """Answer with documents of the price list, one a page."""
        stub = self.stub("pricing")
        request = {"ServiceCode": service, "Filters": filters(region, **wanted)}
        for number in range(max(len(documents), 1)):
            token = {"NextToken": str(number + 1)} if number + 1 < len(documents) else {}
            asked = {**request, **({"NextToken": str(number)} if number else {})}
            stub.add_response("get_products", {"PriceList": documents[number : number + 1], **token}, asked)

    def region_of(self, name: str, usd: str, types: tuple[str, ...] = ("c6i.large",)) -> None:
        """Answer for a region in which everything costs the same."""
        self.ec2([[instance_type(kind) for kind in types]], [at(f"{name}a", "0.04")], name)
        self.products("AmazonEC2", [product(usd, instanceType=kind) for kind in types], name, **LINUX)
        self.products("AmazonECS", [], name)
        self.products("AmazonEC2", [], name, volumeApiName="gp3")


def answered() -> Stubbed:
    """An account in which a c6i.large costs 0.1 USD per hour, 0.04 on Spot."""
    account = Stubbed()
    gpu = {"Gpus": [{"Name": "T4", "Count": 4}], "TotalGpuMemoryInMiB": 65536}
    types = [
        instance_type("g4dn.12xlarge", 48, GpuInfo=gpu, InstanceStorageInfo={"TotalSizeInGB": 900}),
        instance_type("c6i.large"),
        instance_type("t4g.micro", BurstablePerformanceSupported=True, SupportedUsageClasses=["on-demand"],
                      ProcessorInfo={"SupportedArchitectures": ["arm64"]}),
        instance_type("mac2.metal", 8, BareMetal=True, CurrentGeneration=False,
                      ProcessorInfo={"SupportedArchitectures": ["arm64_mac"]}),
    ]  # fmt: skip
    history = [
        at("us-east-1a", "0.99", 1), at("us-east-1a", "0.03", 30), at("us-east-1a", "0.98", 2),
        at("us-east-1b", "0.0500000", 5), at("us-east-1c", "1.3", kind="g4dn.12xlarge"),
    ]  # fmt: skip
    account.ec2([types[:2], types[2:]], history)
    dear = {"instanceType": "c6i.large", "operation": "RunInstances"}
    account.products("AmazonEC2", [
        product("0.1000000000", **dear),
        product("0.5", **{**dear, "operation": "RunInstances:SV004"}),
        product("0.0000000000", instanceType="p5.48xlarge", marketoption="CapacityBlock"),
        product("9.9", **dear, marketoption="CapacityBlock"),
        product("7.7", **dear, locationType="AWS Outposts"),
        product("3.9120000000", instanceType="g4dn.12xlarge", marketoption="OnDemand"),
        product("12", "Quantity", **dear),
    ], **LINUX)  # fmt: skip
    account.products("AmazonECS", [
        product("0.0506", "hours", usagetype="USE1-Fargate-vCPU-Hours:perCPU"),
        product("0.0056", "hours", usagetype="USE1-Fargate-GB-Hours"),
        product("0.04", "hours", usagetype="USE1-Fargate-ARM-vCPU-Hours:perCPU"),
        product("0.0045", "hours", usagetype="USE1-Fargate-ARM-GB-Hours"),
        product("0.09", "hours", usagetype="USE1-Fargate-Windows-vCPU-Hours:perCPU"),
        product("0.01", "hours", usagetype="USE1-SpotUsage-Fargate-vCPU-Hours:perCPU"),
        product("0.0001", "hours", usagetype="USE1-Fargate-EphemeralStorage-GB-Hours"),
    ])  # fmt: skip
    account.products("AmazonEC2", [
        product("0.073", "GB-Mo", usagetype="EBS:VolumeUsage.gp3"),
        product("0.005", "IOPS-Mo", usagetype="EBS:VolumeP-IOPS.gp3"),
    ], volumeApiName="gp3")  # fmt: skip
    return account


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_tables_of_a_refreshed_folder(tmp_path):
    account = answered()
    refresh(account, ["us-east-1"], tmp_path / "live", TODAY)
    for stub in account.stubs.values():
        stub.assert_no_pending_responses()
    found = {name: text.decode() for name, text in contents(tmp_path / "live").items()}
    assert set(found) == {*TABLES, "catalog.json"}
    assert found["instance_types.csv"].splitlines()[1:] == [
        "c6i.large,2,4096,0,,,x86_64,1,0,0,0,on-demand|spot",
        "g4dn.12xlarge,48,98304,4,T4,65536,x86_64,1,0,0,900,on-demand|spot",
        "mac2.metal,8,16384,0,,,,0,0,1,0,on-demand|spot",
        "t4g.micro,2,4096,0,,,arm64,1,1,0,0,on-demand",
    ]
    assert found["on_demand_prices.csv"] == "instance_type,us-east-1\nc6i.large,0.1\ng4dn.12xlarge,3.912\n"
    # The latest of each zone, and the mean of the zones: (0.03 + 0.05) / 2.
    assert found["spot_prices.csv"] == "instance_type,us-east-1\nc6i.large,0.04\ng4dn.12xlarge,1.3\n"
    assert found["fargate_prices.csv"].splitlines()[1:] == [
        "us-east-1,ARM64,0.04,0.0045",
        "us-east-1,X86_64,0.0506,0.0056",
    ]
    assert found["ebs_prices.csv"] == "region,gp3_usd_per_gb_month\nus-east-1,0.073\n"
    assert found["spot_advisor.csv"] == BUNDLED.text("spot_advisor.csv")
    mark = json.loads(found["catalog.json"])
    assert (mark["date"], mark["regions"]) == ("2026-11-23", ["us-east-1"])
    assert "ec2:DescribeInstanceTypes" in mark["calls"]


def test_a_refreshed_folder_prices_a_scenario(tmp_path):
    refresh(answered(), ["us-east-1"], tmp_path / "live", TODAY)
    one_job, settings = workflow(job(runtime=12)), {"prices": {"catalog": "live"}}

    def total(**resources: Any) -> float:
        made = scenario(one_job, environments=[environment(**resources)], settings=settings, base=tmp_path)
        return float(bs.run(made).summary["cost_usd"]["total"])

    # A minute of the instance at the least, and of 30 GiB at 0.073 USD per GB-month: 0.003 USD an hour.
    volume = 60 * 0.003 / 3600
    assert total() == pytest.approx(60 * 0.1 / 3600 + volume, abs=1e-12)
    spot = total(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")
    assert spot == pytest.approx(60 * 0.04 / 3600 + volume, abs=1e-12)


def test_regions_are_columns_and_the_same_answers_give_the_same_bytes(tmp_path):
    for name, regions in (("a", ["us-east-1", "eu-west-1"]), ("b", ["eu-west-1", "us-east-1", "eu-west-1"])):
        account = Stubbed()
        account.region_of("eu-west-1", "0.2", ("m5.large", "c6i.large"))
        account.region_of("us-east-1", "0.1")
        assert list(refresh(account, regions, tmp_path / name, TODAY)) == ["eu-west-1", "us-east-1"]
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    table = list(rows("on_demand_prices.csv", read_catalog(tmp_path / "a")))
    assert table == [["instance_type", "eu-west-1", "us-east-1"], ["c6i.large", "0.2", "0.1"], ["m5.large", "0.2", ""]]


def test_the_account_s_own_region_is_taken_without_any(tmp_path):
    account = Stubbed(region="eu-west-1")
    account.region_of("eu-west-1", "0.2")
    assert list(refresh(account, [], tmp_path / "live", TODAY)) == ["eu-west-1"]


def test_the_latest_term_holds(tmp_path):
    account = Stubbed()
    account.ec2([[instance_type("c6i.large")]], [])
    old, new = (json.loads(product(usd, since=since, instanceType="c6i.large")) for usd, since in (
        ("0.3", "2025-01-01T00:00:00Z"), ("0.1", "2026-01-01T00:00:00Z")))  # fmt: skip
    old["terms"]["OnDemand"] = {"old": old["terms"]["OnDemand"].popitem()[1], **new["terms"]["OnDemand"]}
    account.products("AmazonEC2", [json.dumps(old)], **LINUX)
    account.products("AmazonECS", [])
    account.products("AmazonEC2", [], volumeApiName="gp3")
    found = refresh(account, ["us-east-1"], tmp_path / "live", TODAY)
    assert float(found["us-east-1"].on_demand["c6i.large"]) == 0.1


def test_an_older_catalog_is_replaced_whole(tmp_path):
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "spot_prices.csv").write_text("old")
    refresh(answered(), ["us-east-1"], tmp_path / "live", TODAY)
    assert read_catalog(tmp_path / "live").day == TODAY
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


def test_other_files_are_not_lost(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    account = Stubbed()
    with pytest.raises(OutputError, match=r"notes\.txt"):
        refresh(account, ["us-east-1"], tmp_path, TODAY)
    with pytest.raises(OutputError, match="not a folder"):
        refresh(account, ["us-east-1"], tmp_path / "notes.txt", TODAY)
    assert account.stubs == {}  # AWS was not even asked


def half_answered() -> Stubbed:
    account = Stubbed()
    account.region_of("us-east-1", "0.1")
    account.stub("ec2", "us-west-2").add_client_error("describe_instance_types", "AuthFailure", "not opted in")
    return account


def test_nothing_is_written_when_a_call_fails(tmp_path):
    with pytest.raises(bs.AwsError, match="DescribeInstanceTypes us-west-2: AWS refused: AuthFailure"):
        refresh(half_answered(), ["us-east-1", "us-west-2"], tmp_path / "live", TODAY)
    assert list(tmp_path.iterdir()) == []
    refresh(answered(), ["us-east-1"], tmp_path / "live", TODAY)
    before = contents(tmp_path / "live")
    with pytest.raises(bs.AwsError):
        refresh(half_answered(), ["us-east-1", "us-west-2"], tmp_path / "live", TODAY)
    assert contents(tmp_path / "live") == before


def test_nothing_is_written_when_the_disk_fails(tmp_path, monkeypatch):
    refresh(answered(), ["us-east-1"], tmp_path / "live", TODAY)
    before = contents(tmp_path / "live")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if Path(target).name == "live" and self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError, match="No space left"):
        refresh(answered(), ["us-east-1"], tmp_path / "live", TODAY)
    assert contents(tmp_path / "live") == before
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


def test_a_region_without_figures_is_a_finding(tmp_path):
    account = Stubbed()
    account.ec2([[]], [], "mars-north-1")
    account.products("AmazonEC2", [], "mars-north-1", **LINUX)
    account.products("AmazonECS", [], "mars-north-1")
    account.products("AmazonEC2", [], "mars-north-1", volumeApiName="gp3")
    with pytest.raises(bs.ScenarioError) as caught:
        refresh(account, ["mars-north-1"], tmp_path / "live", TODAY)
    assert [finding.message for finding in caught.value.findings] == [
        "AWS gave no instance types",
        "AWS gave no on-demand prices",
    ]


def test_a_price_list_that_is_no_json(tmp_path):
    account = Stubbed()
    account.ec2([[instance_type("c6i.large")]], [])
    account.products("AmazonEC2", ["<html>"], **LINUX)
    with pytest.raises(bs.AwsError, match="GetProducts AmazonEC2 us-east-1"):
        refresh(account, ["us-east-1"], tmp_path / "live", TODAY)


def test_instance_types_of_a_fake_aws_are_those_of_the_bundled_table(monkeypatch):
    # The bundled table was made from the same answers.
    import boto3
    from moto import mock_aws

    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    with mock_aws():
        found = dict(prices._instance_types(boto3.client("ec2", region_name="us-east-1"), "us-east-1"))
    ours = {row[0]: row for row in list(rows("instance_types.csv"))[1:]}
    assert {name: list(cells) for name, cells in found.items()} == {name: ours[name] for name in found}
    # AWS prices some that these answers lack.
    assert {name.partition(".")[0] for name in {*ours} - {*found}} == {
        "cc2", "cr1", "dl1", "f1", "g2", "g3", "g3s", "g4ad", "hs1", "i3", "p2", "p3", "u-9tb1", "u-12tb1", "u-18tb1",
        "u-24tb1",
    }  # fmt: skip


def test_the_command(tmp_path, monkeypatch, capsys):
    account = answered()
    monkeypatch.setattr(AwsAccount, "client", lambda self, *of, **how: Stubbed.client(account, *of, **how))
    monkeypatch.chdir(tmp_path)
    assert main(["prices", "refresh", "--region", "us-east-1", "--out", "my prices"]) == 0
    said = capsys.readouterr().out
    assert "us-east-1: 4 instance types, 2 on-demand prices, 2 Spot prices, Fargate X86_64 and ARM64" in said
    assert "gp3 0.073 USD per GB-month" in said
    assert 'prices: {catalog: "my prices"}' in said
    assert read_catalog(tmp_path / "my prices").day is not None


def test_the_command_says_what_is_wrong_in_a_line(tmp_path, monkeypatch, capsys):
    account = Stubbed()
    account.stub("ec2").add_client_error("describe_instance_types", "ExpiredToken", "expired")
    monkeypatch.setattr(AwsAccount, "client", lambda self, *of, **how: Stubbed.client(account, *of, **how))
    assert main(["prices", "refresh", "--region", "us-east-1", "--out", str(tmp_path / "live")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "credentials" in said.err
