"""From a bundle to predictions, their intervals, submissions and analyses; knows no training."""
