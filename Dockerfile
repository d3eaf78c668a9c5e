# The funnel with its relay in one container, as `make run` serves it, for production. compose.yaml runs it.
#   docker build -t funnel .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:5000:5000 -v funnel-data:/data --env-file .env --stop-timeout 90 funnel
# A stop waits for the charges under way, hence the 90 s. Only the proxy in front may reach the port. Podman and Buildah keep
# the health check only with `--format docker`.

FROM python:3.13-slim AS build
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
WORKDIR /app
COPY . .
# Beside each static file its compressed form, so that no request has to make it.
RUN /venv/bin/python -m whitenoise.compress --quiet static \
    && /venv/bin/python -m compileall -q app.py config.py funnel

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home funnel \
    && install -d -o funnel -g funnel -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# The last two lines: what a process frees is overwritten, so that no card number stays in its memory.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FUNNEL_ENV=production \
    BIND=0.0.0.0 \
    DATABASE_URL=sqlite:////data/funnel.db \
    PYTHONMALLOC=malloc \
    GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.perturb=165
USER funnel
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "scripts/healthcheck.py"]
CMD ["flask", "--app", "app", "funnel", "up"]
