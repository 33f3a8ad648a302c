import json


def test_a_link_is_printed_alone_on_its_line(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    made = tickwire("login-link", "ada@example.com")
    assert made.stdout.splitlines()[-1] == f"{api.url}/console/login#twl_1"
    assert "Whoever opens it first" in made.stdout
    tickwire("login-link", "us_mem_1")
    shown = json.loads(tickwire("login-link", "--json").stdout)
    assert shown["url"].endswith("#twl_1")
    assert api.links == ["us_mem_1", "us_mem_1", None]
