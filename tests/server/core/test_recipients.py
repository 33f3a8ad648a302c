"""One member in the place of another among recipients."""

from server.core.recipients import naming, replaced

ADA, BEA = "us_mem_0000000001", "us_mem_0000000002"
RULES = [
    {"channels": ["inbox"], "members": [ADA, BEA]},
    {"channels": ["slack"], "slack": "https://s.example"},
]


def test_rules_that_name_somebody_are_counted():
    assert [naming(RULES, one) for one in (ADA, BEA, "us_mem_0000000003", None)] == [1, 1, 0, 0]


def test_nobody_is_named_twice_and_what_is_about_others_stays():
    assert replaced(RULES, ADA, BEA) == [{"channels": ["inbox"], "members": [BEA]}, RULES[1]]
    assert replaced(RULES, None, BEA) == RULES


def test_a_key_cannot_be_told():
    assert replaced(RULES, ADA, "us_key_0000000001") == RULES
