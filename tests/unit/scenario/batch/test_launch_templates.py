"""Which version of a launch template an environment means, by what it calls it, and what a type is launched from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsim.scenario.batch.launch_templates import (
    LaunchTemplates,
    UnknownVersionError,
    as_ec2,
    canonical,
    reference_of,
    specification_for,
    specifications,
)

KEYS = st.from_regex(r"[A-Z][A-Za-z0-9]{0,5}", fullmatch=True)
#: Anything that EC2's answers may hold.
ANSWERS = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def held(*entries):
    return LaunchTemplates.of({"launchTemplates": list(entries)})


def version(number=None, *, default=None, name="wide", **members):
    """An entry as EC2 describes it; what is None is not said."""
    said = {"launchTemplateName": name, "versionNumber": number, "defaultVersion": default, **members}
    return {**{key: value for key, value in said.items() if value is not None}, "launchTemplateData": {}}


def meant(templates, **specification):
    return templates.version({"launchTemplateName": "wide", **specification}).number


@given(ANSWERS)
def test_ec2s_spelling_comes_back(value):
    assert as_ec2(canonical(value)) == value
    # A text that looks like a key is none.
    assert canonical("ImageId") == "ImageId"


def test_either_spelling_is_the_same_template():
    ours = version(3, default=True, launchTemplateId="lt-1")
    (one,), (other,) = held(ours).versions, held(as_ec2(ours)).versions
    assert one == other
    assert (one.name, one.id, one.number, one.is_default, one.where) == (
        "wide",
        "lt-1",
        3,
        True,
        ("launchTemplates", 0),
    )
    assert one.data == {}


def test_a_template_goes_by_its_name_and_by_its_id():
    templates = held(version(1, launchTemplateId="lt-1"), version(name="narrow"), {"launchTemplateData": {}}, "text")
    assert [each.title for each in templates.versions] == ["wide", "narrow"]
    for reference in ({"launchTemplateName": "wide"}, {"launchTemplateId": "lt-1"}, {"launchTemplateName": "narrow"}):
        assert templates.held(reference)
    for reference in ({"launchTemplateName": "lt-2"}, {"launchTemplateId": ""}, {}, None, "wide"):
        assert not templates.held(reference)
    assert templates.version({"launchTemplateId": "lt-2"}) is None
    assert not LaunchTemplates.of({}).held({"launchTemplateName": "wide"})


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        # API LaunchTemplateSpecification.version: the default version where nothing is said; $Latest is the highest.
        ({}, 2),
        ({"version": ""}, 2),
        ({"version": "$Default"}, 2),
        ({"version": "$Latest"}, 10),
        ({"version": "1"}, 1),
        ({"version": "10"}, 10),
    ],
)
def test_of_several_versions(asked, number):
    assert meant(held(version(10), version(1), version(2, default=True)), **asked) == number


def test_a_template_that_was_just_created_has_one_version_which_is_its_default():
    assert meant(held(version())) == meant(held(version()), version="1") == 1
    # Of one that is described alone, and not said to be the default or not, it is taken to be.
    assert meant(held(version(7))) == 7


@pytest.mark.parametrize(
    ("entries", "asked", "expected"),
    [
        ([version(10), version(9), version(9, name="other")], {"version": "3"}, "one of 9, 10"),
        ([version(4, default=False)], {}, "the one with defaultVersion: true, or a version in the environment"),
        (
            [version(4), version(5)],
            {"version": "$Default"},
            "the one with defaultVersion: true, or a version in the environment",
        ),
    ],
    ids=["no such number", "said to be none", "two of which nothing is said"],
)
def test_a_version_that_is_not_given_is_told(entries, asked, expected):
    with pytest.raises(UnknownVersionError) as caught:
        meant(held(*entries), **asked)
    assert caught.value.expected == expected
    assert "wide" in caught.value.message


def test_versions_of_two_templates_are_not_mixed():
    templates = held(version(1, launchTemplateId="lt-1"), version(9, name="other", launchTemplateId="lt-2"))
    assert meant(templates, version="$Latest") == 1
    assert templates.version({"launchTemplateId": "lt-2"}).number == 9


@pytest.mark.parametrize(
    ("specification", "reference"),
    [
        ({"launchTemplateName": "wide"}, "wide"),
        ({"launchTemplateId": "lt-1"}, "lt-1"),
        ({"launchTemplateName": "", "launchTemplateId": "lt-1"}, "lt-1"),
        ({"launchTemplateName": 7}, ""),
        ({}, ""),
        ("wide", ""),
    ],
)
def test_what_a_specification_refers_to(specification, reference):
    assert reference_of(specification) == reference


OVERRIDES = {
    "launchTemplateName": "wide",
    "overrides": [
        {"launchTemplateName": "large", "targetInstanceTypes": ["m6i", "c6i.4xlarge"]},
        {"launchTemplateName": "other", "targetInstanceTypes": ["r6i"]},
        {"launchTemplateName": "of nothing"},
    ],
}


@pytest.mark.parametrize(
    ("instance_type", "name"),
    [
        ("c6i.4xlarge", "large"),
        ("c6i.large", "wide"),
        ("m6i.large", "large"),
        # A family whose name begins like that of another is another one.
        ("m6id.large", "wide"),
        ("r6i.metal", "other"),
    ],
)
def test_a_type_is_launched_from_the_override_that_names_it(instance_type, name):
    assert specification_for(OVERRIDES, instance_type)["launchTemplateName"] == name


def test_specifications_have_their_places():
    where = ("batch", "computeEnvironments", 0, "computeResources")
    found = list(specifications({"launchTemplate": OVERRIDES}, where))
    assert [place[len(where) :] for place, _ in found] == [
        ("launchTemplate",),
        *(("launchTemplate", "overrides", number) for number in range(3)),
    ]
    assert [each["launchTemplateName"] for _, each in found] == ["wide", "large", "other", "of nothing"]
    assert list(specifications({"launchTemplate": "wide"})) == list(specifications(None)) == []
