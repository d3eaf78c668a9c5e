"""The pages of the funnel, a blueprint each: show() draws the page, submit() takes its form."""
