"""HTTP and websocket, turned into commands and queries."""
