"""What a store knows of itself."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Meta:
    """Made once, when the store is: the accountId of every event, and the secret behind signed links."""

    account_id: str
    link_secret: bytes = field(repr=False)
