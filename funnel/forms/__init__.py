"""What visitors type: tidied, checked, and told in their words what is wrong."""
