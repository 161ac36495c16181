"""A run whose users are spread over several ledgers: what each of them reports, and the one verdict on all. No I/O."""
