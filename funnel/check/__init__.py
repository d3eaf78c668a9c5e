"""flask funnel check: what is wrong in funnel.toml, the templates and the campaign, by file and line."""
