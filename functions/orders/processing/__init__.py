"""What is done with an order, whichever source it comes from."""
