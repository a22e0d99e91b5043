# One line per family of things of a kind: folder, entry type, prefix, table function, header.
