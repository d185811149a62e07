"""Who may talk in one group: the arbitrator, and the order of those who wait."""
