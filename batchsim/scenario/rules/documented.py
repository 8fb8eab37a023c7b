"""Words, ranges and forms that AWS's documentation of a member states and the service model does not.

The tables hold what the text of each member says (API, the shape of that name); other sources stand beside them. They
bear on no result, so that a word that AWS adds later stops no simulation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from batchsim.errors import Finding, nearest
from batchsim.scenario.batch.service_model import REQUESTS, members
from batchsim.scenario.document.access import whole
from batchsim.scenario.document.document import Where
from batchsim.scenario.rules.context import Context
from batchsim.scenario.rules.registry import rule

_FARGATE_VERSIONS = ("LATEST", "1.4.0", "1.3.0", "1.0.0")
_DNS_NAME = (
    r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
    "lower-case letters, digits, - and ., a letter or digit at both ends",
)
_NAMESPACE = (
    r"(?!default$|kube)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
    "up to 63 lower-case letters, digits and -, not default and not kube…",
)
_USER = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?", "user, user:group, uid or uid:gid"
_IMAGE = r"[A-Za-z0-9_:./#@+-]*", "letters, digits and - _ : . / # @"

WORDS: dict[str, tuple[str, ...]] = {
    "ManagedInstancesProvider.propagateTags": ("CAPACITY_PROVIDER", "NONE"),
    "InstanceLaunchTemplate.capacityOptionType": ("ON_DEMAND", "SPOT"),
    "InstanceLaunchTemplate.monitoring": ("BASIC", "DETAILED"),
    "CapacityReservationRequest.reservationPreference": (
        "RESERVATIONS_ONLY", "RESERVATIONS_FIRST", "RESERVATIONS_EXCLUDED",
    ),
    "Ulimit.name": (
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ),
    "Tmpfs.mountOptions": (
        "defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync",
        "remount", "mand", "nomand", "atime", "noatime", "diratime", "nodiratime", "bind", "rbind", "unbindable",
        "runbindable", "private", "rprivate", "shared", "rshared", "slave", "rslave", "relatime", "norelatime",
        "strictatime", "nostrictatime", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol",
    ),
    "RuntimePlatform.operatingSystemFamily": (
        "LINUX", "WINDOWS_SERVER_2019_CORE", "WINDOWS_SERVER_2019_FULL", "WINDOWS_SERVER_2022_CORE",
        "WINDOWS_SERVER_2022_FULL",
    ),
    "EcsTaskProperties.ipcMode": ("host", "task", "none"),
    "EcsTaskProperties.pidMode": ("host", "task"),
    "EcsTaskProperties.networkMode": ("host",),
    # AWS Batch User Guide, AWS Batch on Fargate.
    "EcsTaskProperties.platformVersion": _FARGATE_VERSIONS,
    "FargatePlatformConfiguration.platformVersion": _FARGATE_VERSIONS,
    "TaskContainerDependency.condition": ("START", "COMPLETE", "SUCCESS"),
    "EksPodProperties.dnsPolicy": ("Default", "ClusterFirst", "ClusterFirstWithHostNet"),
    "EksContainer.imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "EksEmptyDir.medium": ("", "Memory"),
}  # fmt: skip

#: Those of them that bear on when a job runs or what it costs.
DECIDING = frozenset(
    {
        "InstanceLaunchTemplate.capacityOptionType",
        "CapacityReservationRequest.reservationPreference",
        "RuntimePlatform.operatingSystemFamily",
    }
)

#: The least and the most; None for no bound.
RANGES: dict[str, tuple[int, int | None]] = {
    "EFSVolumeConfiguration.transitEncryptionPort": (0, 65_535),
    "LinuxParameters.swappiness": (0, 100),
    "LinuxParameters.maxSwap": (0, None),
    **{
        f"{shape}.{member}": (0, 2**31 - 1)
        for shape, member in (
            ("EksContainerSecurityContext", "runAsUser"),
            ("EksContainerSecurityContext", "runAsGroup"),
            ("EksPodSecurityContext", "runAsUser"),
            ("EksPodSecurityContext", "runAsGroup"),
            ("EksPodSecurityContext", "fsGroup"),
        )
    },
}

#: How many entries a list has at most, or characters a text.
LENGTHS: dict[str, int] = {
    "EFSVolumeConfiguration.rootDirectory": 4096,
    "NodeRangeProperty.instanceTypes": 1,
    "NodePropertyOverride.instanceTypes": 1,
    "EcsPropertiesOverride.taskProperties": 1,
    "EksPodProperties.containers": 10,
    "EksPodProperties.initContainers": 10,
    "EksContainerLinuxCapabilities.add": 64,
    "EksContainerLinuxCapabilities.drop": 64,
}

#: The form of a text, or of each entry of a list, and how to say it.
FORMS: dict[str, tuple[str, str]] = {
    # "dots are not allowed in it": Netflix/metaflow#676.
    "Volume.name": (r"[A-Za-z0-9_-]{1,255}", "1 to 255 letters, digits, - and _"),
    # "User '$(id' does not match regex": nextflow-io/nextflow, discussion 2900.
    "ContainerProperties.user": _USER,
    "TaskContainerProperties.user": _USER,
    "ContainerProperties.image": _IMAGE,
    "TaskContainerProperties.image": _IMAGE,
    "LaunchTemplateSpecification.version": (r"\d+|\$Default|\$Latest", "a number, $Default or $Latest"),
    "LaunchTemplateSpecificationOverride.version": (r"\d+|\$Default|\$Latest", "a number, $Default or $Latest"),
    "RepositoryCredentials.credentialsParameter": (r"arn:.*", "the ARN of a secret"),
    "EksConfiguration.eksClusterArn": (r"arn:.*", "the ARN of a cluster"),
    "EksConfiguration.kubernetesNamespace": _NAMESPACE,
    "EksMetadata.namespace": _NAMESPACE,
    "ImagePullSecret.name": _DNS_NAME,
    "EksVolume.name": _DNS_NAME,
    "EksSecret.secretName": _DNS_NAME,
    "EksContainerLinuxCapabilities.add": (r"(?!CAP_).*", "the capability without CAP_"),
    "EksContainerLinuxCapabilities.drop": (r"(?!CAP_).*", "the capability without CAP_"),
}

#: What AWS tells and does not take.
READ_ONLY = ("Ec2Configuration.batchImageStatus", "EksAccessEntry.status")


def _said(context: Context) -> Iterator[tuple[str, Where, Any]]:
    """Every member of every request: objects, then jobs."""
    for kind, shape in REQUESTS.items():
        for where, value in context.items(kind):
            yield from members(value, shape, where)
    for _, _, jobs in context.workflows:
        for where, job in jobs:
            yield from members(job, "SubmitJobRequest", where)


def _texts(place: Where, value: Any) -> Iterator[tuple[Where, str]]:
    """A text, or the texts of a list; what is empty or left open by a template is none."""
    listed = enumerate(value) if isinstance(value, list) else [(None, value)]
    for index, text in listed:
        if isinstance(text, str) and text and "${" not in text and "{{" not in text:
            yield place if index is None else (*place, index), text


_WORDS_TITLE = "Words are among those that the documentation of a member lists"
_MEMBERS_TEXT = "AWS Batch API, the member's own text"


@rule("deciding-word", f"{_WORDS_TITLE}, where it bears on a run", _MEMBERS_TEXT, number="V-51")
def deciding_words(context: Context) -> Iterator[Finding]:
    """A word that is read as another would give the figures of another configuration."""
    yield from _unknown_words(context, deciding=True)


@rule("documented-word", _WORDS_TITLE, _MEMBERS_TEXT, stage="deployment", number="V-51")
def words(context: Context) -> Iterator[Finding]:
    """Members that the service model leaves open."""
    yield from _unknown_words(context, deciding=False)


def _unknown_words(context: Context, *, deciding: bool) -> Iterator[Finding]:
    for member, place, value in _said(context):
        known = WORDS.get(member, ()) if (member in DECIDING) == deciding else ()
        for at, text in _texts(place, value) if known else ():
            # Of an option such as mode=1777 the word decides.
            if text.partition("=")[0] not in known:
                yield context.finding(
                    at,
                    f"{text!r} is not one of the words that AWS takes",
                    expected=f"one of {', '.join(word or repr(word) for word in known)}",
                    suggestion=nearest(text, known),
                    source=f"AWS Batch API, {member}",
                )


@rule(
    "documented-range",
    "Numbers, lengths and counts keep the bounds that the documentation of a member states",
    "AWS Batch API, the member's own text",
    stage="deployment",
    number="V-51",
)
def ranges(context: Context) -> Iterator[Finding]:
    """Members that the service model leaves open."""
    for member, place, value in _said(context):
        for message, expected in (*_out_of_range(member, value), *_too_long(member, value)):
            yield context.finding(place, message, expected=expected, source=f"AWS Batch API, {member}")


def _out_of_range(member: str, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with a number, and what would be right."""
    number = whole(value)
    if member not in RANGES or number is None:
        return
    least, most = RANGES[member]
    if not least <= number <= (math.inf if most is None else most):
        yield f"{number} is out of range", f"{least} or more" if most is None else f"{least} to {most}"


def _too_long(member: str, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the length of a text or a list, and what would be right."""
    longest = LENGTHS.get(member)
    if longest is not None and isinstance(value, (str, list)) and len(value) > longest:
        what = "characters" if isinstance(value, str) else "entries"
        yield f"{len(value)} {what} are too many", f"{longest} at most"


@rule(
    "documented-form",
    "Texts have the form that the documentation of a member states",
    "AWS Batch API, the member's own text",
    stage="deployment",
    number="V-51",
)
def forms(context: Context) -> Iterator[Finding]:
    """Members that the service model leaves open."""
    for member, place, value in _said(context):
        if member not in FORMS:
            continue
        pattern, expected = FORMS[member]
        for at, text in _texts(place, value):
            if not re.fullmatch(pattern, text):
                shown = text if len(text) <= 80 else f"{text[:77]}…"
                source = f"AWS Batch API, {member}"
                yield context.finding(at, f"{shown!r} is not what AWS takes here", expected=expected, source=source)


@rule(
    "read-only",
    "What AWS only tells is not asked for",
    "AWS Batch API, Ec2Configuration.batchImageStatus, EksAccessEntry.status",
    severity="warning",
    stage="deployment",
    number="V-52",
)
def read_only(context: Context) -> Iterator[Finding]:
    """Copied from a description of what is there, it has no effect."""
    for member, place, _ in _said(context):
        if member in READ_ONLY:
            name = member.partition(".")[2]
            yield context.finding(place, f"{name} is what AWS answers: it has no effect", expected=f"no {name}")
