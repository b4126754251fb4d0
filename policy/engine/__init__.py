"""Between the rules and the Pulumi engine: serving the pack, reading what the SDK hands over, remedies, recording."""
