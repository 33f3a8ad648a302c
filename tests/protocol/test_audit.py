"""Lines of the audit."""

from listener_sdk.protocol.audit import AuditLine


def test_a_line_may_have_nothing_before_or_after():
    line = {
        "id": "us_au_1",
        "at": "2026-01-01T00:00:00.000Z",
        "actor": "k",
        "action": "key:created",
        "target": "t",
    }
    assert AuditLine.model_validate(line).before is None
    assert AuditLine.model_validate({**line, "after": {"name": "x"}}).after == {"name": "x"}
