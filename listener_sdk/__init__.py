"""The listener SDK."""
