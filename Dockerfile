# One image for all processes: web (the default), `python manage.py rundesk`, and before each release `python manage.py migrate`.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/livedesk PORT=8000
RUN useradd --system --uid 10001 --home-dir /var/lib/livedesk --create-home livedesk
COPY --from=build /venv /venv
WORKDIR /srv/livedesk
COPY manage.py ./
COPY config config
COPY apps apps
COPY templates templates
COPY static static
USER livedesk
RUN python manage.py collectstatic --no-input --verbosity 0 && rm -f /var/lib/livedesk/*_key /var/lib/livedesk/*.sqlite3*
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=5)"]
CMD ["sh", "-c", "exec python manage.py serve --host 0.0.0.0 --port \"$PORT\""]
