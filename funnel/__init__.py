"""A sales funnel for Konnektive CRM. The rooms, street side first; imports only go down.

cli, commands/, supervisor, stand_in, furnishing
                     the commands; every room made and wired
development/         saved files count at once, and broken ones do no harm, while somebody changes the funnel
check/               what is wrong in funnel.toml, the templates and the campaign, by file and line
gallery/, scenes/    every page in every mood: to look at, in development; drawn without CRM and store
pages/               presell, lead, capture, checkout, person, pixel, away, returns, confirming, upsell, thankyou,
                     reports, health, figures
guard                who may see which page
web, failures, props, access
                     what happens to every request, to every failure; what templates may use; a log line for each
words                the funnel's language: its texts, amounts and dates
doorway, gate, headers
                     which visit a request belongs to; who sends too many forms; what an answer lets a browser do
outage, rooms        the store away; the wired rooms, as pages and commands are handed them
forms (checkout_form, contact_form, card_fields, address_fields, _checks, _choices, _words, fields, field_checks,
tidying, email_typos)
                     what visitors type, checked
flow, payments, whereabouts
                     the recommended API flow as verbs, those that charge apart; how far a visit has come
relay, reconciliation, restoration, prices, permissions
                     the delivery of what is owed; the audit; a backup put back; our prices and the campaign's; which
                     calls the CRM allows
receipt, summary, notices, pixels
                     what was bought, what is in a basket, the sentences that are told once, the fraud check
metrics, doctor/     figures for who watches; whether the machine around it is right
leads, housekeeping, backlog, standing
                     Import Lead, for drafts and who waits; what nobody waits for; the operator's view; the same as
                     numbers
charging (charge), delivery, erasure
                     the protocol of one charge; how one owed call is made; a person is forgotten
pricing              what the CRM has to say before a total can be shown: coupons and tax
judge, drift, charge_calls, pay_token, return_token, challenge
                     what an attempt becomes; totals that are not ours; the calls that charge; signed tickets in
                     forms and addresses; whether a shopper is a person
visits, attempts, unresolved, outbox, breaker, crm/, migrations/
                     the visits in the store; the ledger of charges; what of it nobody waits for; the calls that are
                     owed; whether the CRM is down; the CRM's client; the tables from release to release
visit, cookie, attempt_rows, journal, tries, floods, logs, error_reports
                     a shopper's visit as a value; what the signed cookie remembers of it; the ledger, read; how it is
                     written, and told in the log; how many cards are tried in vain, and how many forms sent, from one
                     place; how a log line is drawn; what Sentry is told, if anything
store (engine, schema, tables), steps, offers, quote, robots, attribution, scrub, violations, redirects, page_print
                     the tables, read and written; the order of the pages; which offers stand; what is picked and
                     what it comes to; who is no shopper; where shoppers come from; what no log line may tell;
                     what browsers report of a page; where a shopper may be led; what matters of a payment page
settings, attempt    what can be set; the states of an attempt to charge
campaign (campaign_rules, _tables, _values, upsell_rules), package, basket, mistakes, filesystem, people, cards, origin
                     funnel.toml as values; what is chosen, what is charged; how mistakes are told; disks;
                     contacts and addresses; card numbers; where a request comes from
theme (theme_rules), copy_table, folders, assets, inventory, slots (slot_files, _markup, _rules)
                     a brand's look and words; where templates and static files are found, and their addresses; why
                     each script of a payment page is there; a marketer's own pixels
phrase, catalogue, texts, traces
                     a text that can be said in another language; what the .po files say; every text there is; what an
                     error lets go of
sandbox/             our own Konnektive, which knows nothing of the rest
"""
