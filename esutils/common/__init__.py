"""What all rooms share: checks of arguments, safe writing of files, threads, versions."""
