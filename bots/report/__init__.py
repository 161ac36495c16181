"""What a run has shown: in words, figures and pages."""
