"""What a handler is given."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.core.actors import Actor, Space
from server.web.call import Call

ACTOR = Actor("us_key_0000000001", "admin", Space(1, "default", "Default"))


def call(path="/x", id_="us_jb_0000000001"):
    request = make_mocked_request("GET", path, match_info={"id": id_}, app=web.Application())
    return Call(request, None, ACTOR)


def test_an_id_is_the_rows_number():
    assert call().number("jb", "job") == 1


@pytest.mark.parametrize("id_", ["", "x", "us_ev_0000000001", "us_jb_000000000u", "\ud800", "x" * 10_000])
def test_what_is_no_id_of_the_kind_names_nothing(id_):
    with pytest.raises(Refusal) as caught:
        call(id_=id_).number("jb", "job")
    assert caught.value.code == "not_found"
    assert len(caught.value.message) < 500
    caught.value.message.encode()


@pytest.mark.parametrize(
    ("query", "other"),
    [("", False), ("environmentId=us_env_default", False), ("spaceId=us_sp_default", False), ("spaceId=default", False),
     ("environmentId=us_env_x", True), ("environmentId=us_env_default&spaceId=us_sp_x", True)],
)  # fmt: skip
def test_it_knows_when_another_space_is_named(query, other):
    assert call(f"/x?{query}").names_another_space() is other
