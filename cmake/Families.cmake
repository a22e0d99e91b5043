# One line per family of things of a kind: folder, entry type, prefix, table function, header.
atelier_family(model/arch ArchEntry arch_ Archs "model/arch/arch_entry.h")
