"""Records -> what people see: cards, words, pages, terminals. Shared by the reading room, the exports and the commands."""
