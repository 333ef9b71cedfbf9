"""Stories: which posts say the same, told by samples of their words."""
