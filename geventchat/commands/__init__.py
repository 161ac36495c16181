"""What users can ask for, and what each command does."""
