"""CloudFormation's functions, one by one, offline."""

from __future__ import annotations

import json

import pytest

from batchsim.aws.importers.conditions import IN_CONDITIONS
from batchsim.aws.importers.evaluator import Evaluator
from batchsim.aws.importers.intrinsics import FUNCTIONS, OFFLINE, key_of_tag
from batchsim.aws.importers.template_values import FAULTY, NO_VALUE, Unresolved
from batchsim.scenario.document.document import Document, compose

TEMPLATE = """
Parameters:
  Name: {Type: String, Default: night}
  Number: {Type: Number, Default: 7}
  Written: {Type: Number, Default: "12"}
  Half: {Type: Number, Default: "0.5"}
  Words: {Type: CommaDelimitedList, Default: "a, b,c"}
  Numbers: {Type: List<Number>, Default: "1,2"}
  Missing: {Type: String}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
  Stored: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /some/path}
Mappings:
  Sizes:
    us-east-1: {small: 2, many: [c5, m5]}
    cn-north-1: {small: 3}
    0123: {odd: x}
Conditions:
  Yes: !Equals [a, a]
  No: {"Fn::Equals": [a, b]}
  SameText: !Equals [!Ref Number, "7"]
  Truth: !Equals [true, "true"]
  Lists: !Equals [!Ref Words, [a, b, c]]
  Both: !And [!Condition Yes, {Condition: No}]
  Either: !Or [!Condition Yes, !Condition No]
  Neither: !Not [!Condition Either]
  Open: !Equals [!Ref Missing, a]
  Settled: !Or [!Condition Open, !Condition Yes]
  SettledNot: !And [!Condition Open, !Condition No]
  StillOpen: !And [!Condition Open, !Condition Yes]
  Egg: !Not [!Condition Hen]
  Hen: !Not [!Condition Egg]
  Odd: yes
Resources:
  Fleet: {Type: "AWS::Batch::ComputeEnvironment", Properties: {Type: MANAGED}}
  Queue: {Type: "AWS::Batch::JobQueue", Properties: {JobQueueName: !Sub "${Name}-queue"}}
  Definition: {Type: "AWS::Batch::JobDefinition", Properties: {}}
  Self: {Type: "AWS::Batch::JobQueue", Properties: {JobQueueName: !Sub "${Other}-1"}}
  Other: {Type: "AWS::Batch::JobQueue", Properties: {JobQueueName: !Sub "${Self.JobQueueArn}-2"}}
  Group: {Type: "AWS::EC2::SecurityGroup"}
  Never: {Type: "AWS::EC2::SecurityGroup", Condition: No}
"""


def evaluator(expression, parameters=None, region="us-east-1", template=TEMPLATE):
    values, places = compose(f"{template}\nValue: {expression}\n", "template", key_of_tag=key_of_tag)
    document = Document(values, "template", places)
    return Evaluator(document, parameters or {}, region), values["Value"]


def evaluated(expression, parameters=None, region="us-east-1"):
    """The value of an expression, which has no fault."""
    functions, value = evaluator(expression, parameters, region)
    result = functions.value(value, ("Value",))
    assert functions.findings == []
    return result


def fault(expression, parameters=None, region="us-east-1"):
    """The only finding about an expression."""
    functions, value = evaluator(expression, parameters, region)
    functions.value(value, ("Value",))
    (finding,) = functions.findings
    return finding


STACK = "the template of that stack, given together with this one"
EXPORTER = "the template that exports it, given together with this one"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Name", "night"),
        ("{Ref: Name}", "night"),
        ("!Ref Number", 7),
        ("!Ref Written", 12),
        ("!Ref Half", 0.5),
        ("!Ref Words", ["a", "b", "c"]),
        ("!Ref Numbers", [1, 2]),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::NoValue", NO_VALUE),
        ('!Sub "${Name}-${Number}-${AWS::Region}"', "night-7-us-east-1"),
        ('{"Fn::Sub": "x-${Name}"}', "x-night"),
        ('!Sub ["${A}/${B}/${Name}", {A: 1, B: !Ref Half}]', "1/0.5/night"),
        ('!Sub ["${Name}", {Name: own}]', "own"),
        ('!Sub "${!Name} $Name ${Name"', "${Name} $Name ${Name"),
        ("!Sub plain", "plain"),
        ('!Join ["-", [a, !Ref Number, !Ref Name]]', "a-7-night"),
        ('!Join ["", !Ref Words]', "abc"),
        ('!Join [",", [a, !Ref AWS::NoValue, b]]', "a,b"),
        ('!Split [",", "a,b,,c"]', ["a", "b", "", "c"]),
        ('!Select [1, [a, b]]', "b"),
        ('!Select ["0", !Ref Words]', "a"),
        ('!Select [!Ref One, [a, b]]', "b"),
        ('!Select [0, [!GetAtt Group.Id, x]]', Unresolved),
        ('!Select [1, [!GetAtt Group.Id, x]]', "x"),
        ('!FindInMap [Sizes, !Ref AWS::Region, small]', 2),
        ('!FindInMap [Sizes, us-east-1, many]', ["c5", "m5"]),
        ('!FindInMap [Sizes, 0123, odd]', Unresolved),
        ('!FindInMap [Sizes, "0123", odd]', "x"),
        ('!FindInMap [Sizes, eu-west-1, small, {DefaultValue: !Ref Number}]', 7),
        ('!If [Yes, a, b]', "a"),
        ('!If [No, a, b]', "b"),
        ('{"Fn::If": [Both, a, b]}', "b"),
        ('!If [Either, a, b]', "a"),
        ('!If [Neither, a, b]', "b"),
        ('!If [SameText, a, b]', "a"),
        ('!If [Truth, a, b]', "a"),
        ('!If [Lists, a, b]', "a"),
        ('!If [Settled, a, b]', "a"),
        ('!If [SettledNot, a, b]', "b"),
        ('!Base64 "ab"', "YWI="),
        ('!Base64 ""', ""),
        ('!Base64 {"Fn::Sub": "${Name}é"}', "bmlnaHTDqQ=="),
        ("!Length [a, b, !Ref Name]", 3),
        ("!Length {Ref: Words}", 3),
        ("!Length []", 0),
        ("!ToJsonString {a: 1, b: [!Ref Name, true]}", '{"a":1,"b":["night",true]}'),
        ("!ToJsonString []", "[]"),
        ("!Select [1, !Split ['/', !Sub '${AWS::AccountId}/x']]", "x"),
        ("!Split ['-', !Sub 'a-${Number}']", ["a", "7"]),
        ("!Join ['/', !Split ['-', a-b-c]]", "a/b/c"),
        ("!FindInMap [Sizes, !If [Yes, cn-north-1, us-east-1], small]", 3),
        ("!If [Settled, !Ref Name, !Ref Nmae]", "night"),  # what is not chosen is not evaluated
        ('[a, !If [No, b, !Ref AWS::NoValue], c]', ["a", "c"]),
        ('{a: 1, b: !If [No, 2, !Ref AWS::NoValue]}', {"a": 1}),
        ('{Ref: Name, other: 1}', {"Ref": "Name", "other": 1}),
        ('{Condition: Yes}', {"Condition": "Yes"}),
        # The name is known although the account is not.
        ("!Select [1, !Split ['/', !Ref Queue]]", "night-queue"),
        ("!Select [1, !Split ['/', !GetAtt Queue.JobQueueArn]]", "night-queue"),
        ("!Select [5, !Split [':', !Ref Fleet]]", "compute-environment/Fleet"),
        ("!Select [0, !Split [':', !Select [1, !Split ['/', !Ref Definition]]]]", "Definition"),
    ],
)  # fmt: skip
def test_a_function_has_its_value(expression, expected):
    if "One" in expression:
        expression = expression.replace("!Ref One", "!Select [0, [1]]")
    if expected is Unresolved and "0123" in expression:
        # A bare 0123 is the number 123 in YAML 1.2, and the mapping has no such key.
        assert fault(expression).code == "unknown-reference"
    elif expected is Unresolved:
        assert isinstance(evaluated(expression), Unresolved)
    else:
        assert evaluated(expression) == expected


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_the_region_decides_the_partition(region, partition, suffix):
    expression = "[!Ref AWS::Region, !Ref AWS::Partition, !Ref AWS::URLSuffix]"
    assert evaluated(expression, region=region) == [region, partition, suffix]


def test_a_given_account_makes_arns_whole():
    given = {"AWS::AccountId": "012345678901", "AWS::StackName": "stack"}
    assert evaluated("!Ref Queue", given) == "arn:aws:batch:us-east-1:012345678901:job-queue/night-queue"
    assert evaluated('!Sub "${AWS::StackName}/${AWS::AccountId}"', given) == "stack/012345678901"


@pytest.mark.parametrize(
    ("expression", "why", "remedy"),
    [
        ("!Ref Missing", "parameter Missing has no default", "--parameter Missing=VALUE"),
        ('!Sub "a-${Missing}"', "parameter Missing has no default", "--parameter Missing=VALUE"),
        ('!Join [",", !Ref Subnets]', "parameter Subnets has no default", "--parameter Subnets=VALUE"),
        ('!Split [",", !Ref Missing]', "parameter Missing has no default", "--parameter Missing=VALUE"),
        ("!Ref Stored", "parameter Stored is looked up in AWS's parameter store", "--parameter Stored=VALUE"),
        ("!Ref AWS::AccountId", "AWS::AccountId is not known offline", "--parameter AWS::AccountId=VALUE"),
        ("!Ref AWS::StackName", "AWS::StackName is not known offline", "--parameter AWS::StackName=VALUE"),
        ("!Ref AWS::NotificationARNs", "AWS::NotificationARNs is not known offline", ""),
        ("!Ref Group", "made by the stack: AWS::EC2::SecurityGroup Group", ""),
        ("!GetAtt Group.GroupId", "made by the stack: AWS::EC2::SecurityGroup Group.GroupId", ""),
        ('{"Fn::GetAtt": [Group, GroupId]}', "made by the stack: AWS::EC2::SecurityGroup Group.GroupId", ""),
        ("!ImportValue net-subnets", "Fn::ImportValue net-subnets is known to AWS only", EXPORTER),
        ('!Select [0, !GetAZs ""]', "Fn::GetAZs  is known to AWS only", ""),
        ("!Cidr [10.0.0.0/16, 2, 8]", "Fn::Cidr is known to AWS only", ""),
        ("{'Fn::Transform': {Name: AWS::Include}}", "Fn::Transform is known to AWS only", ""),
        ("{'Fn::Transform': {Name: AWS::Include}, a: 1}", "Fn::Transform is a macro that AWS runs", ""),
        ('"{{resolve:ssm:/a/b:1}}"', "{{resolve:ssm:/a/b:1}} is looked up by AWS", ""),
        ('!Sub "x{{resolve:ssm:/a/${Name}}}"', "{{resolve:ssm:/a/night}} is looked up by AWS", ""),
        ("!If [Open, a, b]", "parameter Missing has no default", "--parameter Missing=VALUE"),
        ("!If [StillOpen, a, b]", "parameter Missing has no default", "--parameter Missing=VALUE"),
        ("!FindInMap [Sizes, !Ref Missing, small]", "parameter Missing has no default", "--parameter Missing=VALUE"),
        ("!Length {Ref: Subnets}", "parameter Subnets has no default", "--parameter Subnets=VALUE"),
        ("!ToJsonString {a: [!Ref Missing]}", "parameter Missing has no default", "--parameter Missing=VALUE"),
        ("!GetStackOutput {StackName: net, OutputName: Id}", "Fn::GetStackOutput Id is known to AWS only", STACK),
        ("!ImportValue {'Fn::Sub': '${AWS::StackName}-x'}", "Fn::ImportValue is known to AWS only", EXPORTER),
        ("!Base64 {Ref: Missing}", "parameter Missing has no default", "--parameter Missing=VALUE"),
    ],
)
def test_what_is_not_known_says_why_and_what_would_help(expression, why, remedy):
    value = evaluated(expression)
    assert isinstance(value, Unresolved)
    assert (value.why, value.remedy, value.reported) == (why, remedy, False)


@pytest.mark.parametrize(
    ("expression", "code", "words"),
    [
        ("!Ref Nmae", "unknown-reference", "did you mean Name?"),
        ("!Ref AWS::Regoin", "unknown-reference", "did you mean AWS::Region?"),
        ("!Ref Never", "unknown-reference", "its condition No is false"),
        ("!Ref [a]", "wrong-shape", "Ref takes a name"),
        ("!GetAtt Group", "wrong-shape", "Fn::GetAtt takes a resource and its attribute"),
        ("!GetAtt Grup.Id", "unknown-reference", "did you mean Group?"),
        ("!GetAtt {a: b}", "wrong-shape", "Fn::GetAtt"),
        ('!Sub "${Nmae}"', "unknown-reference", "did you mean Name?"),
        ('!Sub "${Words}"', "wrong-shape", "${Words} is not a text"),
        ("!Sub [a]", "wrong-shape", "Fn::Sub takes a text"),
        ("!Sub {a: b}", "wrong-shape", "Fn::Sub takes a text"),
        ("!Join [a]", "wrong-shape", "Fn::Join takes a delimiter and a list"),
        ("!Join [',', a]", "wrong-shape", "what is joined is not a list"),
        ("!Join [',', [[a]]]", "wrong-shape", "what is joined is not a text"),
        ("!Join [1, [a]]", "wrong-shape", "the delimiter is not a text"),
        ("!Split ['', a]", "wrong-shape", "the delimiter is not a text"),
        ("!Split [',', [a]]", "wrong-shape", "what is split is not a text"),
        ("!Select [2, [a, b]]", "wrong-shape", "there is no item 2 in a list of 2"),
        ("!Select [-1, [a, b]]", "wrong-shape", "the index is not a number"),
        ("!Select [0, a]", "wrong-shape", "what is selected from is not a list"),
        ("!FindInMap [Sizes, eu-west-1, small]", "unknown-reference", "Mappings.Sizes has no 'eu-west-1'"),
        ("!FindInMap [Sies, eu-west-1, small]", "unknown-reference", "did you mean Sizes?"),
        ("!FindInMap [Sizes]", "wrong-shape", "Fn::FindInMap takes"),
        ("!If [Maybe, a, b]", "unknown-reference", "there is no condition 'Maybe'"),
        ("!If [Yes, a]", "wrong-shape", "Fn::If takes a condition's name and two values"),
        ("!If [[Yes], a, b]", "wrong-shape", "Fn::If takes"),
        ("!If [Odd, a, b]", "wrong-shape", "not a condition"),
        ("!If [Hen, a, b]", "cycle", "condition Hen → condition Egg → condition Hen"),
        ("!Ref Self", "cycle", "Self → Other → Self"),
        ("!Equals [a, b]", "wrong-shape", "Fn::Equals stands outside of a condition"),
        ("!Jion [a, b]", "unknown-function", "did you mean Fn::Join?"),
        ("{'Fn::Join': [], b: 1}", "wrong-shape", "Fn::Join does not stand alone"),
        ("!Length a", "wrong-shape", "what is counted is not a list"),
        ("!GetStackOutput {StackName: net}", "wrong-shape", "Fn::GetStackOutput takes a stack and its output"),
        ("!ImportValue [a]", "wrong-shape", "the name of an export is not a text"),
        ("!Select [x, [a]]", "wrong-shape", "the index is not a number"),
        ("!Sub ['${A}', {A: [b]}]", "wrong-shape", "${A} is not a text"),
        ("!Base64 [a]", "wrong-shape", "what is encoded is not a text"),
        ("", "null-value", "nothing is here"),
    ],
)
def test_a_fault_is_one_finding_with_its_place(expression, code, words):
    finding = fault(expression)
    assert finding.code == code
    assert words in str(finding)
    assert finding.severity == "error"
    assert finding.line > 0


def test_the_place_of_a_fault_is_the_function_itself():
    finding = fault('\n  - a\n  - !Join [",", [x, !Ref Nmae]]')
    assert finding.path == "Value.1.Fn::Join.1.1.Ref"
    lines = f'{TEMPLATE}\nValue: \n  - a\n  - !Join [",", [x, !Ref Nmae]]'.splitlines()
    assert lines[finding.line - 1][finding.column - 1 :].startswith("!Ref Nmae")


def test_long_and_short_forms_mean_the_same():
    short = "[!Ref Name, !Sub 'a${Name}', !GetAtt Queue.Arn, !Join ['', [a]], !Select [0, [a]], !If [Yes, a, b]]"
    long = json.dumps(
        [
            {"Ref": "Name"},
            {"Fn::Sub": "a${Name}"},
            {"Fn::GetAtt": ["Queue", "Arn"]},
            {"Fn::Join": ["", ["a"]]},
            {"Fn::Select": [0, ["a"]]},
            {"Fn::If": ["Yes", "a", "b"]},
        ]
    )
    values = [evaluated(form, {"AWS::AccountId": "1"}) for form in (short, long)]
    assert values[0] == values[1] == evaluated(long, {"AWS::AccountId": "1"})
    assert values[0][2].endswith(":job-queue/night-queue")


def test_texts_do_not_grow_without_bounds():
    # Each variable doubles the text, whether there is something in it or not.
    doubling = '"x"'
    for _ in range(40):
        doubling = f'{{"Fn::Sub": ["${{A}}${{A}}", {{"A": {doubling}}}]}}'
    assert fault(doubling).code == "too-large"
    assert evaluated(doubling.replace('"x"', '""')) == ""


DECLARED = """
Parameters:
  Size: {Type: Number, MinValue: 1, MaxValue: 10}
  Kind: {Type: String, AllowedValues: [SPOT, EC2]}
  Percent: {Type: Number, AllowedValues: [50, 100]}
  Pattern: {Type: String, AllowedPattern: "[a-z]+", ConstraintDescription: small letters}
  Java: {Type: String, AllowedPattern: "\\\\p{Alpha}+"}
  Short: {Type: String, MinLength: 2, MaxLength: "3"}
  List: {Type: List<Number>}
  Secret: {Type: String, NoEcho: true, AllowedValues: [x]}
  Ids: {Type: "List<AWS::EC2::Subnet::Id>"}
  Stored: {Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /x}
  Wrong: {Type: Number, Default: many}
"""


def given(name, text):
    functions, value = evaluator(f"!Ref {name}", {name: text}, template=DECLARED)
    return functions.value(value, ("Value",)), functions.findings


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Size", "10", 10),
        ("Kind", "SPOT", "SPOT"),
        ("Percent", "50", 50),
        ("Pattern", "abc", "abc"),
        ("Java", "anything", "anything"),
        ("Short", "abc", "abc"),
        ("List", "1, 2.5", [1, 2.5]),
        ("Ids", "subnet-1,subnet-2", ["subnet-1", "subnet-2"]),
        ("Stored", "a,b", ["a", "b"]),
        ("Wrong", "3", 3),
    ],
)
def test_a_given_parameter_has_its_type(name, text, expected):
    assert given(name, text) == (expected, [])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Size", "many", "'many' is not a number"),
        ("Size", "0", "'0' is out of range; expected 1 or more"),
        ("Size", "11", "'11' is out of range; expected 10 or less"),
        ("Kind", "spot", "'spot' is not one of the allowed values; expected one of SPOT, EC2"),
        ("Percent", "75", "expected one of 50, 100"),
        ("Pattern", "ABC", "does not match the allowed pattern; expected small letters"),
        ("Short", "a", "2 characters or more"),
        ("Short", "abcd", "3 characters or less"),
        ("List", "1,x", "'x' is not a number"),
        ("Secret", "hunter2", "the value is not one of the allowed values"),
    ],
)
def test_a_given_parameter_is_checked(name, text, words):
    value, findings = given(name, text)
    assert value is FAULTY
    (finding,) = findings
    assert words in str(finding)
    assert "hunter2" not in str(finding)


def test_a_default_that_does_not_fit_is_a_finding_when_it_is_used():
    functions, value = evaluator("[!Ref Wrong, !Ref Wrong]", template=DECLARED)
    assert functions.findings == []
    functions.value(value, ("Value",))
    (finding,) = functions.findings
    assert finding.path == "Parameters.Wrong.Default"


def test_the_table_of_functions_and_those_that_only_aws_evaluates_have_nothing_in_common():
    assert not FUNCTIONS.keys() & {*OFFLINE, *IN_CONDITIONS}
