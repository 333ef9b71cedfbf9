"""A made-up public: subjects, phrases, authors and bursts, all a function of a seed and the minute."""
