"""What every room uses and nothing in it touches the world: the nouns, the errors, addresses, comparisons."""
