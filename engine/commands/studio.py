"""`studio`: the pages, in a browser."""

import argparse
from importlib.util import find_spec

from ..base.aliases import add_alias
from ..base.errors import UserError
from ..base.workspace import CHECKOUT, PACKAGE
from .options import Commands, port
from .output import print_line

_PORT = 8501


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("studio", help="start the pages and show them in a browser")
    command.add_argument("--port", type=port, default=_PORT, help=f"{_PORT} by default")
    command.add_argument(
        "--no-browser", action="store_true", help="only say where they are to be found"
    )
    command.set_defaults(carry_out=_studio)


def _studio(arguments: argparse.Namespace) -> None:
    """Serve the pages until Ctrl-C."""
    if find_spec("streamlit") is None:
        raise UserError(
            'The pages need Streamlit, which is not installed: pip install "polygin-studio[studio]"'
        )
    from streamlit.web.cli import main as streamlit

    name = __name__.partition(".")[0]
    if name != "engine":
        add_alias("engine", name)  # what the pages call it
    app = (CHECKOUT or PACKAGE / "studio") / "app.py"
    # Said here too: Streamlit asks for an e-mail address before it reads the pages' own settings.
    flags = {
        "server.port": arguments.port,
        "server.headless": str(arguments.no_browser).lower(),
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        # Its welcome comes with an offer to install something for coding agents, on each page too.
        "logger.hideWelcomeMessage": "true",
    }
    print_line(f"PolyGIN Studio is at http://localhost:{arguments.port}; Ctrl-C ends it.")
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    # In this process: Streamlit's own command would not know the package under its pages' name.
    streamlit(["run", str(app), *words])
