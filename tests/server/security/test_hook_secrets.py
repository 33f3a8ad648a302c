"""New secrets and addresses of hooks."""

from listener_sdk.protocol.hooks import check_secret
from listener_sdk.protocol.signatures import KINDS
from server.security.hook_secrets import new_door, new_secrets


def test_each_kind_gets_a_secret_that_it_may_have():
    made = new_secrets()
    assert set(made) == {*KINDS} - {"none"}
    for kind, secret in made.items():
        check_secret(kind, secret)
    assert not {*made.values()} & {*new_secrets().values()}


def test_addresses_are_long_and_never_the_same():
    doors = {new_door() for _ in range(100)}
    assert len(doors) == 100
    assert all(len(door) == 32 and door.isalnum() for door in doors)
