"""The CRM's endpoints.

replies    the envelope, and the errors with their texts
params     reading a call's parameters
lines      order lines: numbered parameters to items
terms      what is charged beside the items: shipping profile, coupons, tax, insurance
payments   what an order is paid with; paypal, the trips to PayPal
limits     what the CRM refuses before any gateway is asked
clicks, leads, orders, upsales, pricing, review, queries, campaigns   one file per family of calls
gateway    what the card makes happen: approval, decline, hold or a trip to the bank
dispatch   from a path to its endpoint, and the faults on the way
"""
