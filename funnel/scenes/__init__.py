"""Every page in every mood, drawn without CRM and store: for the gallery, the check, the tests and the screenshots.

scene            one page in one mood, as a value
catalogue        all of them, page by page
presell, lead, checkout, upsell, thankyou, waiting, errors
                 the moods of each page
cast, filled, ledger, switches
                 who plays; what they type; what was charged; the funnel's own campaign with something switched on
stage, compiled  draws a scene with the pages' own functions; what Jinja made of each template, made once
"""
