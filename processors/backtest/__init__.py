"""A rule over history: what it would have told of, by the code that the stage `alerts` judges with."""
