"""PolyGIN Studio's entry point: the server, and what surrounds each page."""

import streamlit as st

from engine.base.workspace import ASSETS
from pages.parts import page_guard
from pages.parts.auth import ask_to_sign_in, is_signed_in, show_account
from pages.parts.signed_in import remember_files

# Streamlit's command imports this file once, for the server, and runs it for each page that is
# drawn. Worker processes that compute features import it too, under a third name.
if __name__ == "app":
    from starlette.middleware import Middleware

    from pages.parts.door import Door, starting

    app = st.App(
        __file__,
        middleware=[Middleware(Door)],
        lifespan=starting,
        on_script_error=page_guard.show_failure,
    )
elif __name__ == "__main__":
    st.set_page_config(
        page_title="PolyGIN Studio", page_icon=str(ASSETS / "logo-mark.svg"), layout="wide"
    )
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "logo-mark.svg"), size="large")
    st.html(ASSETS / "studio.css")
    signed_in = is_signed_in()
    page_guard.mark_app_ran()
    page = st.navigation(
        [
            st.Page(
                "pages/predict.py", title="Predict", icon=":material/experiment:", default=True
            ),
            st.Page("pages/candidates.py", title="Candidates", icon=":material/bookmarks:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/monitor.py", title="Monitor", icon=":material/monitoring:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
            st.Page("pages/submission.py", title="Submission", icon=":material/table_view:"),
            st.Page("pages/errors.py", title="Errors", icon=":material/troubleshoot:"),
            st.Page("pages/models.py", title="Models", icon=":material/deployed_code:"),
            st.Page("pages/help.py", title="Help", icon=":material/help:"),
        ],
        position="sidebar" if signed_in else "hidden",
    )
    if signed_in:
        show_account()
        page.run()
        remember_files()
    else:
        ask_to_sign_in()
    page_guard.freeze_gc()
