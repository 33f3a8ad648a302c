"""The one comparison of secrets."""

import hmac


def equal(given: str, right: str) -> bool:
    """Whether the two are the same, in a time that says nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))
