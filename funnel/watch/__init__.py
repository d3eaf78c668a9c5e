"""What is told of the funnel to who watches it, and what no line may tell."""
