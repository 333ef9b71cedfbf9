"""Quotes and candles become bars: pure logic of the stage `market`."""
