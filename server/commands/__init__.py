"""Every change of state: check, decide, write, append events."""
