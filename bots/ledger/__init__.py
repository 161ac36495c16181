"""Who said what, who heard what, and the verdict on it."""
