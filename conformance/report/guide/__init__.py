"""A porting guide in the forms in which it is read."""
