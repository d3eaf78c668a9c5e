"""The CRM's endpoints.

replies    the envelope, and the errors with their texts
params     reading a call's parameters
lines      order lines: numbered parameters to items
clicks, leads, orders, upsales, paypal, queries   one file per family of calls
gateway    what the card makes happen: approval, decline, hold or a trip to the bank
dispatch   from a path to its endpoint, and the faults on the way
"""
