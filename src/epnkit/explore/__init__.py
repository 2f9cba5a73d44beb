"""A page that searches all EPN-TAP services of a DaCHS, served by the DaCHS itself."""
