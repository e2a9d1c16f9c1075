"""Pieces that several pages share."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# A fresh server that is first asked for a page's own address would run that page without `app.py`,
# because there is a folder `pages`: no wide layout, no logo, other titles. Every page imports this
# package, so the first one puts that right, once, before anything is shown.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
