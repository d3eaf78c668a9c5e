# The funnel with its relay in one container, as `make run` serves it, for production.
#   docker build -t funnel .
#   docker run -p 127.0.0.1:5000:5000 -v funnel-data:/data --env-file .env --stop-timeout 90 funnel
# A stop waits for the charges under way, hence the 90 s. Only the proxy in front may reach the port.

FROM python:3.13-slim AS packages
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home funnel \
    && install -d -o funnel -g funnel -m 700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FUNNEL_ENV=production \
    BIND=0.0.0.0 \
    DATABASE_URL=sqlite:////data/funnel.db
USER funnel
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "scripts/healthcheck.py"]
CMD ["flask", "--app", "app", "funnel", "up"]
