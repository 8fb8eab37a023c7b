#!/usr/bin/env bash
# apache-libcloud 3.9.1, libcloud.pricing.get_size_price("compute", "ec2_linux", …): 18 % of the EC2 prices of its
# bundled table are 0, and many others are those of dedicated instances.
#
# AWS lists several products for each type and region: the ordinary one, one on dedicated instances (6 % or 10 % dearer)
# and one that costs nothing because its capacity is reserved. The table keeps one of them without looking which, so that
# m6i.large is free in us-west-1, and m6i.xlarge costs 0.2112 USD in us-east-1 (AWS: 0.192) while m6i.large costs 0.096.
# Why it matters: whoever plans capacity or cost with these prices takes free instances, or pays 10 % too much, for some
# sizes of a family only; sizes of one family can't be compared. Prices must be asked for by tenancy "Shared" and
# capacity status "Used" (AWS Price List API), or be checked against the other sizes of the family.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet apache-libcloud==3.9.1
"$folder/venv/bin/python" - <<'PYTHON'
from libcloud.pricing import get_pricing, get_size_price

prices = get_pricing("compute", "ec2_linux")


def seen(size, region):
    return get_size_price("compute", "ec2_linux", size, region)


print("m6i.large in us-west-1:", seen("m6i.large", "us-west-1"))
print("m6i.large, m6i.xlarge in us-east-1:", seen("m6i.large", "us-east-1"), seen("m6i.xlarge", "us-east-1"))
assert seen("m6i.large", "us-west-1") == 0.0
assert abs(seen("m6i.xlarge", "us-east-1") / seen("m6i.large", "us-east-1") - 2.2) < 1e-9

cells = [usd for size, regions in prices.items() if "." in size for usd in regions.values()]
free = sum(usd == 0 for usd in cells)
print(f"{free} of {len(cells)} prices are 0")
assert free > len(cells) / 10
PYTHON
