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
    ("query", "named"),
    [
        ("environmentId=us_env_x", "us_sp_x"),
        ("environmentId=us_env_default&spaceId=us_sp_x", "us_sp_x"),
        ("spaceId=x", "us_sp_x"),
    ],
)
def test_a_call_that_names_another_space_finds_nothing(query, named):
    with pytest.raises(Refusal) as caught:
        call(f"/x?{query}").check_space()
    assert (caught.value.code, caught.value.named) == ("not_found", named)


@pytest.mark.parametrize(
    "query", ["", "environmentId=us_env_default", "spaceId=us_sp_default&environmentId=default"]
)
def test_a_call_may_name_its_own_space(query):
    call(f"/x?{query}").check_space()
