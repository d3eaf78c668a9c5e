"""A sales funnel for Konnektive CRM. The rooms, street side first; imports only go down.

cli, commands/, supervisor
                     the commands
pages/               presell, lead, checkout, confirming, upsell, thankyou, health: show() and submit()
web, failures, props what happens to every request, to every failure, and what templates may use
rooms                the wired rooms, as pages and commands are handed them
forms                what visitors type, checked (with address_fields, card_fields, fields)
flow, relay, reconciliation, restoration
                     the recommended API flow as verbs; the delivery of what is owed; the audit; a backup put back
receipt, notices     what was bought, and the sentences that are told once
leads                Import Lead for who waits for it
charging, delivery   the protocol of one charge; how one owed call is made
judge, pay_token     what an attempt becomes; the signed ticket in a pay form
visit, attempts, outbox, crm/, migrations/
                     the shopper's visit; the ledger of charges; the calls that are owed; the CRM's client;
                     the tables from release to release
store, steps, robots, attribution
                     the tables; the order of the pages; who is no shopper; where shoppers come from
settings, attempt, schema
                     what can be set; the states of an attempt to charge; the version of the tables
campaign (campaign_values), basket, mistakes, filesystem, people, cards
                     funnel.toml as values; what a charge is for; how mistakes are told; disks;
                     contacts and addresses; card numbers
sandbox/             our own Konnektive, which knows nothing of the rest
"""
