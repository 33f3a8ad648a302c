"""What handlers ask the web shop, with its token.

The shop is at WEBSHOP in the environment, else http://127.0.0.1:8421. It is no parameter: who may launch a job may not say where the
token is sent.
"""

import json
import os
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from calls import OPENER, is_busy, wait_of
from listener_sdk import Fatal, Retry

WEBSHOP: Final = "http://127.0.0.1:8421"
TOKEN: Final = "webshop_token"  # noqa: S105 - the secret's name
TIMEOUT_S: Final = 30.0
LARGEST_ANSWER: Final = 8 * 1024 * 1024
M = TypeVar("M", bound=BaseModel)


def asked(path: str, token: str, model: type[M], what: str) -> M:
    """What the shop answers. Fatal when it refuses or sends something else than ``what``, Retry when it is away or busy."""
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "tickwire-example"}
    url = f"{os.environ.get('WEBSHOP', WEBSHOP)}{path}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the address is the operator's
    try:
        with OPENER.open(request, timeout=TIMEOUT_S) as answer:
            return model.model_validate(json.loads(answer.read(LARGEST_ANSWER)))
    except urllib.error.HTTPError as error:
        with error:
            raise refusal(error, what) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise Retry(f"The shop cannot be reached: {error}.", after=timedelta(seconds=30)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Fatal(f"The shop's answer is no {what}: {place}: {first['msg']}.") from error
    except ValueError as error:
        raise Fatal(f"The shop's answer is no {what}: it is no JSON.") from error


def refusal(error: urllib.error.HTTPError, what: str) -> Exception:
    if is_busy(error.code):
        return Retry(f"The shop is busy ({error.code}).", after=wait_of(error.headers))
    if error.code in {401, 403}:
        return Fatal(
            f"The shop does not know the token ({error.code}): tickwire secrets set {TOKEN}. Nothing was changed."
        )
    return Fatal(f"The shop has no {what} ({error.code}).")
