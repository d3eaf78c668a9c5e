"""The merchant's CRM, as one typed client.

calls     what we ask: one dataclass per call, under the CRM's own names; pricing, what an order would come to
payments  the ways to pay beside a card; browser, what 3DS wants to know
form      how a call becomes form parameters
client    one short method per call
wire      the one place that speaks HTTP
flight    how far one call came; watchdog, the thread that ends calls at their deadline
envelope  opens an answer: a message, or the refusal it is
reading   how a message becomes a reply; campaign_reading, how a campaign does
values    how its single values are read
replies   what comes back; campaigns, what a campaign is
errors    what can go wrong, and whether money may have moved
"""
