"""Who sent what, who heard what, and the verdict on it. No I/O."""
