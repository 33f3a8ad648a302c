"""What events of notifications, endpoints, hooks and durable subscriptions tell."""

from listener_sdk.protocol.outside_payloads import EndpointDisabled, SubscriptionBehind


def test_an_endpoint_is_switched_off_by_somebody_or_by_the_server():
    told = {"endpointId": "us_ep_1", "version": 2}
    assert EndpointDisabled.model_validate(told).reason is None
    assert EndpointDisabled.model_validate(
        {**told, "reason": "gone", "message": "x", "failingSince": None}
    ).reason


def test_how_far_a_subscription_is_behind_may_be_unknown():
    assert SubscriptionBehind.model_validate({"name": "x", "position": "e:1", "behind": None}).behind is None
