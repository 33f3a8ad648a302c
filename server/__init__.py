"""The Tickwire event server. Inside, imports are relative, so that it can run beside a user's own ``server`` module."""
