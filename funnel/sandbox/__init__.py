"""The sandbox: our own Konnektive, a web application of its own that imports nothing of the funnel.

app        create_sandbox(): puts the pieces below together
__main__   python -m funnel.sandbox: serves it on this machine
switches   what the vendor never published, each a documented choice; switchboard sets them
catalogue  the campaigns' products, coupons, shipping and taxes; catalogue_file reads them
discounts  what coupons take off
cards      test cards and what each makes happen
world      everything the CRM holds, behind one lock
orders     what an order, an item and a payment are
till       taking money, counted per order and slot
calls      the calls received, cards masked
faults     misbehaviour on demand; connection, how it hangs up
shapes     the recorded JSON of leads and imported orders; rows, of queried ones
api/       the CRM's endpoints
bank       the pages a shopper is sent to: PayPal and the bank
console    the front page and /_sandbox/*
"""
