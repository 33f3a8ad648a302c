"""How often one may guess. A password can be guessed, so it waits its turn; a key, link or cookie cannot, and only costs a look."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from listener_sdk.protocol.codes import Refusal

from ..core.members import email_key
from ..core.rates import Rates

LOOKS: Final = 100
"""How many times as many keys as may be wrong are looked up for one address: what others there send wrong holds up no valid one."""
_KEYS: Final = "This address has sent too many wrong keys"
_PASSWORDS: Final = "This address has sent too many wrong passwords"
_E_MAIL: Final = "Too many wrong passwords for this e-mail"
_BY_LINK: Final = " A link logs in meanwhile (tickwire login-link)."


class Guesses:
    """What addresses have sent wrong lately: long secrets apart from passwords, and these also by e-mail."""

    def __init__(self, per_minute: int) -> None:
        self._wrong = Rates(rate_per_s=per_minute / 60, burst=per_minute)
        self._looks = Rates(rate_per_s=LOOKS * per_minute / 60, burst=LOOKS * per_minute)
        self._passwords = Rates(rate_per_s=per_minute / 60, burst=per_minute)
        self._accounts = Rates(rate_per_s=per_minute / 60, burst=per_minute)

    def look(self, address: str, now: int) -> None:
        """Before a key, link or cookie that is not known is looked up; Refusal ``rate_limited`` for a flood of them."""
        limit(self._looks.take(_place(address), now), _KEYS)

    def right(self, address: str, now: int) -> None:
        """It was valid, or has been."""
        self._looks.give_back(_place(address), now)

    def wrong(self, address: str, now: int) -> None:
        """It was not; Refusal ``rate_limited`` when there were too many."""
        limit(self._wrong.take(_place(address), now), _KEYS)

    def password(self, address: str, space: str, email: str, now: int) -> None:
        """Before a password is tried; Refusal ``rate_limited`` when this address, or the world at this e-mail, tried too many."""
        place, account = _place(address), _account(space, email)
        limit(self._accounts.wait(account, now), _E_MAIL, _BY_LINK)
        limit(self._passwords.take(place, now), _PASSWORDS, _BY_LINK)
        self._accounts.take(account, now)

    def right_password(self, address: str, space: str, email: str, now: int) -> None:
        """It was the right one."""
        self._passwords.give_back(_place(address), now)
        self._accounts.give_back(_account(space, email), now)


def limit(wait_ms: int, what: str, advice: str = "") -> None:
    """Refusal ``rate_limited`` where one has to wait."""
    if wait_ms:
        seconds = -(-wait_ms // 1000)
        raise Refusal("rate_limited", f"{what}: wait {seconds} s.{advice}", retryAfterS=seconds)


def _account(space: str, email: str) -> str:
    return f"{space}/{email_key(email)}"


def _place(address: str) -> str:
    """One line has a whole network of IPv6: its 2^64 addresses are one place."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
