#include "cli/command.h"

int main(int argc, char** argv) { return atelier::RunCommandLine(argc, argv); }
