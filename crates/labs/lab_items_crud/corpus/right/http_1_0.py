"""O HTTP/1.0 que `http.server` fala se não lhe disserem outra coisa: cada
resposta é o fim da sua ligação."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution

solution.Client.protocol_version = "HTTP/1.0"
solution.main()
