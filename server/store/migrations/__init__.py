"""The numbered schema files."""
