"""The funnel's language: every text, how it is translated, and how amounts and dates are written."""
