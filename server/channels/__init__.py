"""How a message reaches its recipient outside: by mail, by the webhook of a chat, by any other webhook."""
