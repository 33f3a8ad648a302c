"""The ten-line listener of the README: checksums of a folder's files, with live progress and a download."""

from hashlib import sha256
from pathlib import Path

from listener_sdk import Listener, Outcome, SyncJob, next_

listener = Listener()


@listener.job("folder:checksum", label="Checksums of a folder")
def checksum(job: SyncJob[dict[str, str]]) -> Outcome:
    files = [path for path in Path(job.input["folder"]).rglob("*") if path.is_file()]
    sums = [f"{sha256(path.read_bytes()).hexdigest()}  {path}\n" for path in job.track(files, "Hashing")]
    listing = job.attach("".join(sums).encode(), "checksums.txt")
    return Outcome(f"Hashed {len(sums)} files.", next=next_.download(listing))
