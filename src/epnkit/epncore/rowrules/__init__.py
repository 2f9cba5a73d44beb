"""The rules that rows decide: each module gives the checks of one part of the standard."""
