"""A sales funnel for Konnektive CRM. The rooms, street side first; imports only go down.

A folder's first line says what it is about, a file's what it knows. tests/test_laws.py holds the floors, file by file.

cli, commands/, supervisor, stand_in, furnishing
                     the commands; every room made and wired
development/         saved files count at once, and broken ones do no harm, while somebody changes the funnel
check/               what is wrong in funnel.toml, the templates and the campaign, by file and line
gallery/, scenes/    every page in every mood: to look at, in development; drawn without CRM and store
pages/               presell, lead, capture, checkout, person, pixel, away, returns, confirming, upsell, thankyou,
                     reports, health, figures
guard                who may see which page
web, failures, props, doorway, gate, headers
                     what happens to every request, to every failure; what templates may use; which visit a request
                     belongs to; who sends too many forms; what an answer lets a browser do
outage, rooms        the store away; the wired rooms, as pages and commands are handed them
doctor/              whether the machine around the funnel is right
watch/               log lines, figures and reports for who watches, and what none of them may tell
forms/               what visitors type, tidied and checked
flow, payments, whereabouts, erasure
                     the recommended API flow as verbs, those that charge apart; how far a visit has come; a person is
                     forgotten
receipt, summary, notices, pixels, prices, permissions
                     what was bought, what is in a basket, the sentences that are told once, the fraud check; our prices
                     and the campaign's; which calls the CRM allows
outbox/              what is owed to the CRM: kept, delivered in order, seen by the operator; whether the CRM is down
charges/             money moves at most once: the ledger, the protocol of one charge, the verdict, the audit
visits/              a shopper's visit: as a value, in the store, in the signed cookie
limits/              card testing and floods: how often, from where, and whether a shopper is a person
crm/                 the CRM's client; the one place that speaks HTTP
language/            texts, their translations, amounts and dates
store/, migrations/  the tables, read and written, and how they change from release to release
steps, offers, quote, redirects, stop_signal
                     the order of the pages; which offers stand; what is picked and what it comes to; where a
                     shopper may be led; whether a process is asked to stop
settings, attempt    what can be set; the states of an attempt to charge
slots/               a marketer's own pixels
campaign/            funnel.toml as values, a brand's look and words among them
folders, assets, inventory
                     where templates and static files are found, and their addresses; why each script of a payment page
                     is there
basket, people, cards, mistakes, traces
                     what is charged; contacts and addresses; card numbers; how mistakes are told; what an error lets
                     go of
sandbox/             our own Konnektive, which knows nothing of the rest
"""
