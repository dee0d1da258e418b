# The master as one static program in an empty image.
#   docker build -f docker/master.Dockerfile -t kontena/master .
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Static glibc: an explicit target keeps the flag away from proc macros.
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --profile dist --target x86_64-unknown-linux-gnu -p kontena-master \
    && mkdir -p /out/data /out/tmp \
    && cp target/x86_64-unknown-linux-gnu/dist/kontena-master /out/

FROM scratch
COPY --from=build /out/kontena-master /kontena-master
# SQLite needs a folder it may write to, and one for temporary files.
COPY --from=build /out/data /data
COPY --from=build /out/tmp /tmp
ENV DATABASE_URL=sqlite:///data/kontena.db
VOLUME /data
EXPOSE 9292
ENTRYPOINT ["/kontena-master"]
