"""Events beside what is said of their topics: whatever a test sees of the server's own events must be described, to the last field."""

from typing import Any

from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.payloads import PAYLOADS, EventAbout


def check_event(event: Any) -> None:
    """Fail unless an event of the server's is what is said of its topic."""
    model = PAYLOADS.get(event["topic"])
    payload = event["payload"]
    if model is None or (event["topic"] == "space:deleted" and not payload):
        # Of a space that is gone its events are emptied.
        return
    _check_all(event["topic"], EventAbout, event["context"])
    _check_all(event["topic"], model, payload)


def _check_all(topic: str, model: type[WireModel], told: dict[str, Any]) -> None:
    model.model_validate(told)
    known = {field.alias or name for name, field in model.model_fields.items()}
    assert set(told) <= known, (topic, set(told) - known)
