"""Conversations that took place, written down as scenarios."""
