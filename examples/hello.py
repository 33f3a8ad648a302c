"""The short listener of the README: checksums of a folder's files, with live progress and a download."""

from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from listener_sdk import Listener, Outcome, SyncJob, next_

listener = Listener()


class Folder(BaseModel):
    folder: Path


@listener.job("folder:checksum", label="Checksums of a folder")
def checksum(job: SyncJob[Folder]) -> Outcome:
    files = [path for path in job.input.folder.rglob("*") if path.is_file()]
    sums = [f"{sha256(path.read_bytes()).hexdigest()}  {path}\n" for path in job.track(files, "Hashing")]
    listing = job.attach("".join(sums).encode(), "checksums.txt")
    return Outcome(f"Hashed {len(sums)} files.", next=next_.download(listing))
