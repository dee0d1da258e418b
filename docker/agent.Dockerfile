# The node agent as one static program in an empty image; it needs the engine's socket mounted.
#   docker build -f docker/agent.Dockerfile -t kontena/agent .
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --profile dist --target x86_64-unknown-linux-gnu -p kontena-agent \
    && mkdir -p /out \
    && cp target/x86_64-unknown-linux-gnu/dist/kontena-agent /out/

FROM scratch
COPY --from=build /out/kontena-agent /kontena-agent
# An empty image has no certificates; `wss://` masters are verified against these.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/kontena-agent"]
