"""A sales funnel for Konnektive CRM. The rooms, street side first; imports only go down.

cli, commands/, supervisor
                     the commands
pages/               presell, lead, capture, checkout, confirming, upsell, thankyou, health: show() and submit()
web, failures, props what happens to every request, to every failure, and what templates may use
doorway              which visit a request belongs to
outage, rooms        the store away; the wired rooms, as pages and commands are handed them
forms                what visitors type, checked (with address_fields, card_fields, fields)
flow, relay, reconciliation, restoration
                     the recommended API flow as verbs; the delivery of what is owed; the audit; a backup put back
receipt, notices     what was bought, and the sentences that are told once
leads, housekeeping, backlog
                     Import Lead, for drafts and who waits; what nobody waits for; the operator's view
charging, delivery, erasure
                     the protocol of one charge; how one owed call is made; a person is forgotten
judge, pay_token     what an attempt becomes; the signed ticket in a pay form
visit, attempts, outbox, breaker, crm/, migrations/
                     the shopper's visit; the ledger of charges; the calls that are owed; whether the CRM is down;
                     the CRM's client; the tables from release to release
store (engine, schema), steps, robots, attribution
                     the tables; the order of the pages; who is no shopper; where shoppers come from
settings, attempt, schema
                     what can be set; the states of an attempt to charge; the version of the tables
campaign (campaign_values), basket, mistakes, filesystem, people, cards
                     funnel.toml as values; what a charge is for; how mistakes are told; disks;
                     contacts and addresses; card numbers
sandbox/             our own Konnektive, which knows nothing of the rest
"""
