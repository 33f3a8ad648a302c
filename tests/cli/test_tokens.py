import json

import pytest


def test_a_token_is_printed_alone_on_its_line(api, tickwire):
    made = tickwire("tokens", "create", "--job", "us_jb_1", "--ttl", "15m")
    assert made.stdout.splitlines()[-1] == "twt_1"
    assert "a token of us_jb_1, valid until " in made.stdout
    assert json.loads(tickwire("tokens", "create", "--all", "--json").stdout)["token"] == "twt_1"
    assert "a token of the tag acme" in tickwire("tokens", "create", "--tag", "acme").stdout
    assert (
        "a token of the definition nightly" in tickwire("tokens", "create", "--definition", "nightly").stdout
    )
    assert api.tokens == [
        {"job": "us_jb_1", "ttlS": 900},
        {"space": True, "ttlS": 3600},
        {"tag": "acme", "ttlS": 3600},
        {"definition": "nightly", "ttlS": 3600},
    ]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Give one of --job ID, --tag TAG, --definition CODE and --all"),
        (("--job", "us_jb_1", "--all"), "Give one of"),
        (("--all", "--ttl", "soon"), "--ttl 'soon' is no span"),
        (("--all", "--ttl", "2d"), "--ttl '2d' is too long: 1d at most"),
    ],
)
def test_what_means_no_token_is_refused(api, tickwire, args, told):
    refused = tickwire("tokens", "create", *args)
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert api.tokens == []
