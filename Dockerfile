# The app and the service, in one image (docs/server.md, "In a container"). `docker build .` takes PyTorch for the CPU,
# `docker build --build-arg DEVICE=cuda .` that for CUDA. `.ci/container` tries it, without Docker too: it knows the
# instructions that are used here.

FROM python:3.12-slim-bookworm AS build
ARG DEVICE=cpu
WORKDIR /opt/polygin/src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/polygin/venv
# First, so that a change of the code does not install them again.
COPY requirements.txt requirements-engine.txt requirements-studio.txt requirements-service.txt ./
# PyTorch's own index has builds for the CPU; those of PyPI bring CUDA, which takes several gigabytes.
RUN if [ "$DEVICE" = cuda ]; then index=""; else index="--extra-index-url https://download.pytorch.org/whl/cpu"; fi; \
    /opt/polygin/venv/bin/pip install -q $index "$(grep '^torch==' requirements-engine.txt)"
RUN /opt/polygin/venv/bin/pip install -q -r requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE.md app.py ./
COPY .streamlit ./.streamlit
COPY engine ./engine
COPY assets ./assets
COPY pages ./pages
COPY docs ./docs
RUN /opt/polygin/venv/bin/pip install -q --no-deps .

FROM python:3.12-slim-bookworm
# OpenMP for LightGBM, XGBoost and PyTorch; the rest for RDKit's drawings.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 libxrender1 libxext6 libexpat1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --home-dir /opt/polygin/home --create-home polygin \
    && install -d -o polygin -g polygin /opt/polygin/workspace
COPY --from=build /opt/polygin/venv /opt/polygin/venv
USER polygin
WORKDIR /opt/polygin/home
ENV PATH=/opt/polygin/venv/bin:/usr/local/bin:/usr/bin:/bin \
    POLYGIN_HOME=/opt/polygin/workspace \
    POLYGIN_HEALTH=http://localhost:8501/_stcore/health \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0
VOLUME /opt/polygin/workspace
EXPOSE 8501 8600
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD python3 -c "import os, urllib.request as u; u.urlopen(os.environ['POLYGIN_HEALTH'], timeout=5)"
CMD ["polygin", "studio", "--no-browser", "--port", "8501"]
