"""What every room uses: checks of arguments, whole files, threads, the names of types."""
