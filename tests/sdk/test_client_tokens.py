"""``client.tokens``: one scope, and how long."""

import pytest

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT


async def test_tokens_are_made_of_a_job_a_tag_or_the_space(server, client):
    server.routes["POST", "/v1/tokens"] = {"data": {"token": "tws_a.b", "expiresAt": AT}}
    made = await client.tokens.create(job="us_jb_1", ttl_s=60)
    assert made.token == "tws_a.b"
    assert server.requests[-1][2] == {"job": "us_jb_1", "ttlS": 60.0}
    await client.tokens.create(tag="acme", ttl_s=60)
    assert server.requests[-1][2] == {"tag": "acme", "ttlS": 60.0}
    await client.tokens.create(space=True)
    assert server.requests[-1][2] == {"space": True, "ttlS": 3600.0}


@pytest.mark.parametrize("scope", [{}, {"job": "us_jb_1", "space": True}, {"job": "us_jb_1", "tag": "acme"}])
async def test_a_token_is_of_one_thing(client, scope):
    with pytest.raises(InvalidError, match="one thing"):
        await client.tokens.create(**scope)
