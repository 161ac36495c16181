"""Simulated users who replay a scenario on a chat server and prove the delivery."""
