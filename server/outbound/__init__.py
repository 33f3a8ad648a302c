"""Calls from the server to the world outside, which jobs ask for: what they may reach, and how much may come back."""
