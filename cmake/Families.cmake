# One line per family of things of a kind: folder, entry type, prefix, table function, header.
atelier_family(model/arch ArchEntry arch_ Archs "model/arch/arch_entry.h")
if(TARGET atelier_serve)
  atelier_family(serve Resource resource_ Resources "serve/resource.h")
  atelier_embed(serve kHomePage serve/page/home.html)
endif()
if(TARGET atelier_cli)
  atelier_family(cli CommandEntry command_ Commands "cli/command.h")
endif()
