"""What a marketer decides in funnel.toml, read into frozen values and checked."""
