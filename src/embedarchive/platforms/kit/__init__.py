"""What platforms share: how one is specified, what answers mean, how fields are read, players in frames."""
