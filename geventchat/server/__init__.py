"""The server: a listener, a greenlet per connection, and the pump that sends."""
