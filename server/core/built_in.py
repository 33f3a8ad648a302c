"""The domain of the jobs that the server itself runs: which there are, and that nobody else takes them."""

from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.near_names import did_you_mean

DOMAIN: Final = "system"
CODES: Final = ("callWebserviceEndpoint", "downloadDataFile", "publishEvent", "noop")
"""The codes of the built-in job types; their names are ``system:<code>``."""
NAMES: Final = tuple(f"{DOMAIN}:{code}" for code in CODES)


def is_own(name: str) -> bool:
    """Whether a job of this name is run by the server itself."""
    return name.startswith(f"{DOMAIN}:")


def check_name(name: str) -> None:
    """Refusal ``invalid`` for the name of a job in the server's own domain that it cannot run."""
    if is_own(name) and name not in NAMES:
        raise Refusal(
            "invalid",
            f"There is no built-in job {name[:192]}.{did_you_mean(name, NAMES)} The server runs {', '.join(NAMES)}.",
            key="operation",
        )


def refuse_own(name: str, key: str) -> None:
    """Refusal ``forbidden`` for who would take jobs of the server's own domain, or declare a type in it."""
    if name.partition(":")[0] == DOMAIN:
        raise Refusal(
            "forbidden",
            f"The server itself runs the jobs of the domain {DOMAIN!r}: choose another domain for {name[:192]}.",
            key=key,
        )
