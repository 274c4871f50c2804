"""The TWS protocol without a socket."""
