"""Messages about a service by mail, messenger and webhook, a daily digest, and a dead man's switch."""
