"""The health of a definition, failure by failure."""

from server.core.health import Health, health_wire

WELL = Health(3, 1, 0, 0, 0, None)


def test_the_first_failure_says_since_when():
    first = WELL.failed(5, 7)
    assert first == Health(3, 1, 5, 1, 5, 7)
    assert first.failed(9, None) == Health(3, 1, 5, 2, 9, None)


def test_a_definition_shows_what_it_has():
    assert health_wire(None) == health_wire(WELL) == {"health": "ok"}
    shown = health_wire(WELL.failed(0, 7).failed(1, 8))
    assert shown == {
        "health": "failed",
        "failing": {
            "since": "1970-01-01T00:00:00.000Z",
            "failures": 2,
            "lastAt": "1970-01-01T00:00:00.001Z",
            "jobId": "us_jb_0000000008",
        },
    }
    assert "jobId" not in health_wire(WELL.failed(0, None))["failing"]
