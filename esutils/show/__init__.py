"""What a reader sees: the figures and the sliders of the book. They draw, and compute nothing."""
