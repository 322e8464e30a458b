"""What suggestions do to answers: the pull, acceptance, agreement, time."""
