"""A secret's row: for which jobs it is, and how it is shown."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.secrets import Secret
from server.core.actors import Space
from server.core.secrets import SecretRow, secret_facts, secret_wire

SPACE = Space(1, "acme", "Acme")
ROW = SecretRow(
    id=7, space_id=1, name="crm_token", owner="", description=None, jobs=None, wrapped="wrapped-text", sealed="sealed-text",
    size=6, version=2, created_at=0, created_by="us_key_1", updated_at=1, updated_by="us_key_2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("jobs", "job", "may"),
    [
        (None, "crm:sync", True),
        ('["crm:sync"]', "crm:sync", True),
        ('["crm:*"]', "crm:sync", True),
        ('["crm:*"]', "crm:sync:all", False),
        ('["crm:**","a:b"]', "crm:sync:all", True),
        ('["crm:sync"]', "crm:syncs", False),
    ],
)
def test_for_which_jobs_it_is(jobs, job, may):
    assert replace(ROW, jobs=jobs).is_for(job) is may


def test_it_is_shown_with_its_value_or_with_an_empty_text():
    shown = secret_wire(ROW, SPACE, "canary", locked=False)
    assert (shown["value"], shown["hidden"], shown["jobs"]) == ("canary", False, ["**"])
    assert (shown["id"], shown["environmentId"], shown["actorId"]) == (
        "us_sec_0000000007",
        "us_env_acme",
        None,
    )
    hidden = secret_wire(ROW, SPACE, None, locked=True)
    assert (hidden["value"], hidden["hidden"], hidden["locked"]) == ("", True, True)
    assert Secret.model_validate(hidden).version == 2


def test_the_audit_keeps_nothing_of_the_value():
    told = str(secret_facts(replace(ROW, owner="us_usr_1")))
    assert "us_usr_1" in told
    assert "sealed" not in told + repr(ROW)
    assert "wrapped-text" not in told + repr(ROW)
