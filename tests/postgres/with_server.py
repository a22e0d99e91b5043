"""with_server.py CMD...: runs CMD beside a PostgreSQL server of its own, whose address is in ATELIER_POSTGRES."""
import os
import subprocess
import sys
import tempfile

import pgserver


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = pgserver.get_server(folder)
        try:
            return subprocess.run(sys.argv[1:], env=dict(os.environ, ATELIER_POSTGRES=server.get_uri())).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
