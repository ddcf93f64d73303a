"""Makes a state as OpenTofu leaves it behind a large site: resources with lists, maps and tags.

    make_state.py FILE MEGABYTES [CHANGED_PER_MILLE]

The same arguments make the same file. With CHANGED_PER_MILLE that share of the objects differs from the file made
without it: half changed, a quarter gone, a quarter new.
"""

import json
import random
import sys

PROVIDER = 'provider["registry.opentofu.org/hashicorp/aws"]'


def instance(dice, number, changed):
    identity = f"i-{number:017x}"
    return {
        "schema_version": 1,
        "attributes": {
            "ami": f"ami-{dice.getrandbits(64):016x}",
            "arn": f"arn:aws:ec2:eu-central-1:123456789012:instance/{identity}",
            "associate_public_ip_address": dice.random() < 0.3,
            "availability_zone": dice.choice(["eu-central-1a", "eu-central-1b", "eu-central-1c"]),
            "cpu_core_count": dice.choice([1, 2, 4, 8]),
            "credit_specification": [],
            "ebs_block_device": [
                {
                    "delete_on_termination": True,
                    "device_name": f"/dev/sd{letter}",
                    "encrypted": True,
                    "iops": dice.randrange(3000, 16000),
                    "volume_id": f"vol-{dice.getrandbits(64):016x}",
                    "volume_size": dice.randrange(8, 2000),
                }
                for letter in "fg"[: dice.randrange(3)]
            ],
            "id": identity,
            "instance_type": "m7i.xlarge" if changed else "m6i.large",
            "private_ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "root_block_device": [{"volume_id": f"vol-{dice.getrandbits(64):016x}", "volume_size": 40}],
            "security_groups": [f"sg-{dice.getrandbits(64):016x}" for _ in range(dice.randrange(1, 5))],
            "tags": {"Name": f"node-{number}", "owner": dice.choice(["a", "b", "c"]), "cost_center": str(number % 97)},
            "timeouts": None,
            "user_data": f"{dice.getrandbits(160):040x}",
            "user_data_base64": None,
        },
        "sensitive_attributes": [[{"type": "get_attr", "value": "user_data"}]],
        "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
        "dependencies": ["aws_security_group.nodes", "aws_subnet.nodes"],
    }


def resource(number, changed=False):
    # A change shall be where it is meant to be and nowhere else.
    dice = random.Random(number)
    parts = {"mode": "managed", "type": "aws_instance", "name": f"node_{number}", "provider": PROVIDER}
    return {"module": f"module.rack_{number // 40}", **parts, "instances": [instance(dice, number, changed)]}


def fate(dice, per_mille):
    """How often an object is there, whether it is changed, and whether a new one stands behind it."""
    roll = dice.randrange(4000)
    if roll >= per_mille * 4:
        return 1, False, False
    return (1, True, False) if roll >= per_mille * 2 else (0, False, False) if roll >= per_mille else (1, False, True)


def resources(megabytes, per_mille):
    dice = random.Random(1)
    number, size = 0, 0
    while size < megabytes * 1_000_000:
        there, changed, followed = fate(dice, per_mille)
        text = json.dumps(resource(number), indent=2)
        size += len(text) + 4 * text.count("\n") + 6  # in its place it stands further to the right
        yield from [resource(number, changed)] * there
        if followed:
            yield resource(number + 10_000_000)
        number += 1


def main():
    path, megabytes = sys.argv[1], int(sys.argv[2])
    per_mille = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    head = {"version": 4, "terraform_version": "1.10.0", "serial": 7 + (per_mille > 0)}
    head |= {"lineage": "5f3c2a1e-0000-4000-8000-000000000000", "outputs": {}}
    whole = {**head, "resources": list(resources(megabytes, per_mille)), "check_results": None}
    with open(path, "w") as file:
        file.write(json.dumps(whole, indent=2) + "\n")


if __name__ == "__main__":
    main()
