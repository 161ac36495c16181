"""TLS: what goes over the wire, certificates and keys, and which servers a client knows."""
