"""The merchant's CRM, as one typed client.

calls     what we ask: one dataclass per call, under the CRM's own names
client    one short method per call
wire      the one place that speaks HTTP
flight    how far one call came, and the watchdog that ends it at its deadline
envelope  opens an answer: a message, or the refusal it is
reading   how a message becomes a reply
values    how its single values are read
replies   what comes back
errors    what can go wrong, and whether money may have moved
"""
