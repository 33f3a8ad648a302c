"""Calls every route of a real server with what its description allows and with what it forbids. Fails for an answer that is not described.

The calls are schemathesis's: none may be answered with a fault of the server (5xx), with a status, content or body that the description of the
route has not, or without a key where one is needed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from furniture import configuration, furnish  # noqa: E402 - as the next one
from processes import Server, server  # noqa: E402 - it is found by the line above

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
ENDLESS = ("/v1/stream", "/v1/events/stream")
"""Answers that have no end."""


def main(argv: list[str] | None = None) -> int:
    """The exit code of schemathesis."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="how many calls of each route, at most")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other calls")
    given, more = parser.parse_known_args(argv)
    # Refusals of wrong keys must not shut this machine out, and 400 calls a second are nothing unusual here.
    settings = {
        "auth_failures_per_minute": 1_000_000,
        "rate_per_key": 1_000_000,
        "log_level": "warning",
        "public_docs": "true",
    }
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), **settings) as home:
        Path(folder, "schemathesis.toml").write_text(configuration(furnish(home)), encoding="utf-8")
        code = subprocess.run(
            _command(home, given.examples, given.seed, more), check=False, cwd=folder
        ).returncode
        faults = [line for line in home.started.output if '"level":"error"' in line.replace(" ", "")]
    for line in faults:
        print(line, end="", file=sys.stderr)
    return code or bool(faults)


def _command(home: Server, examples: int, seed: int, more: list[str]) -> list[str]:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{home.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {home.key}", "--checks", ",".join(CHECKS)]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--phases", "examples,coverage,fuzzing"]
    command += [word for path in ENDLESS for word in ("--exclude-path", path)]
    return [*command, "--request-timeout", "20", *more]


if __name__ == "__main__":
    sys.exit(main())
