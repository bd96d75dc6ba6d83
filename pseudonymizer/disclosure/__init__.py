"""Who may see identities: one gate, the approval of a second person, limits."""
