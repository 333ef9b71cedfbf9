"""Making a bundle: needs the extra `train`; nothing here runs where texts are scored."""
