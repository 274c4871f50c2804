"""The durable record of intents, orders and fills: SQLite."""
