# Innkeeper's web server, worker and beat. PostgreSQL and Redis or Valkey are named by the environment.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/innkeeper \
    && /opt/innkeeper/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/opt/innkeeper/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=crm.settings \
    INNKEEPER_EMBEDDED=0 \
    INNKEEPER_UPLOADS=/data/uploads
RUN useradd --system --uid 10001 --home-dir /innkeeper innkeeper \
    && install -d -o innkeeper -g innkeeper /innkeeper /innkeeper/var /data/uploads
COPY --from=packages /opt/innkeeper /opt/innkeeper
WORKDIR /innkeeper
COPY --chown=innkeeper . .
USER innkeeper
# The addresses below are never used: collecting files only reads the settings.
RUN DATABASE_URL=postgresql://nobody@nowhere/none REDIS_URL=redis://nowhere INNKEEPER_SECRET_KEY=unused \
    INNKEEPER_SENSITIVE_KEYS=unused:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    INNKEEPER_ADDRESS_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m crm.up.catalogues
VOLUME /data/uploads
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8000/health', timeout=4)"]
CMD ["gunicorn", "-c", "python:crm.up.web", "crm.wsgi:application"]
