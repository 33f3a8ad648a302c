"""Keys and signed links."""
