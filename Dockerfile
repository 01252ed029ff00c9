# calltools and nothing secret: exports and calltools.toml are mounted at /work, the ledger at /state.
FROM python:3.13-slim

COPY pyproject.toml README.md LICENSE /src/
COPY calltools /src/calltools
COPY schemas /src/schemas
COPY samples /src/samples
RUN pip install --no-cache-dir "/src[remote]" && rm -rf /src \
    && useradd --system --uid 10001 --no-create-home calltools \
    && mkdir /work /state && chown calltools /work /state

ENV CALLTOOLS_STATE_DIR=/state PYTHONUNBUFFERED=1
VOLUME /state
WORKDIR /work
USER 10001

ENTRYPOINT ["calltools"]
CMD ["run"]
