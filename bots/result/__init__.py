"""What a run has shown: in words, figures, pages and progress."""
