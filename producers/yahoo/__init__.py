"""What the yahoo collector is made of: a polite session, the calls of yfinance, quotes and candles as events."""
