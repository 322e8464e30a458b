"""A tokenizer of the desk's own words, trained anew from an existing one."""
