"""What more labels would bring: learning curves over amounts of gold, and where they lead."""
