# One image for all that aftercare runs: the worker by itself, anything else as `aftercare …`.
#
# Nothing is installed that the locks do not name by hash. The final image has no pip and no compiler, runs as
# a user of its own, and writes nothing outside /var/lib/aftercare and /tmp.

# The interpreter and the system that the tests run on.
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/aftercare && python -m venv /opt/build
COPY deploy/requirements.lock deploy/build.lock deploy/
RUN pip --python /opt/aftercare/bin/python install --require-hashes --only-binary :all: -r deploy/requirements.lock \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: -r deploy/build.lock
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && pip --python /opt/aftercare/bin/python install --no-deps --no-index /dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="aftercare" \
      org.opencontainers.image.description="Performs an after-sales service support agreement, on Temporal" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel \
 && groupadd --system --gid 10001 aftercare \
 && useradd --system --uid 10001 --gid aftercare --home-dir /var/lib/aftercare --shell /usr/sbin/nologin aftercare \
 && install -d -o aftercare -g aftercare -m 0700 /var/lib/aftercare /keys
COPY --from=build /opt/aftercare /opt/aftercare
ENV PATH=/opt/aftercare/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp \
    AFTERCARE_HOME=/var/lib/aftercare \
    AFTERCARE_MODE=production \
    AFTERCARE_MONITORING_ADDRESS=0.0.0.0:9464
USER 10001:10001
WORKDIR /var/lib/aftercare
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/readyz', timeout=4)"]
CMD ["python", "-m", "worker"]
