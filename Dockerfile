# The service of ablc: docker build -t ablc . && docker run -p 8080:8080 ablc
# With networks: docker build --build-arg EXTRAS=serve,schemes,cpu -t ablc .
FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ARG EXTRAS=serve,schemes
RUN python -m venv /opt/ablc \
    && /opt/ablc/bin/pip install --no-cache-dir --constraint constraints.txt ".[$EXTRAS]"

FROM python:3.12-slim-bookworm
COPY --from=build /opt/ablc /opt/ablc
ENV PATH=/opt/ablc/bin:$PATH
RUN useradd --system --no-create-home --uid 10001 ablc
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["ablc", "serve", "--host", "0.0.0.0"]
