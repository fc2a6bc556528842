"""What a reader sees: figures and sliders. Nothing here computes a result."""
