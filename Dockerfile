# The one binary, `ess`. docker-compose.yml runs it as migrate, api and worker.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# VERSION becomes the worker's build ID: give every release its own.
ARG VERSION
RUN test -n "$VERSION" || { echo 'say which version this is: --build-arg VERSION=...' >&2; exit 1; }
# cgo is needed by h3, which is C.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=1 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /ess ./cmd/ess && \
    mkdir /spool

# glibc of the same Debian, certificates and time zones; no shell, no package manager.
FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /ess /usr/local/bin/ess
# A volume takes its owner from here.
COPY --from=build --chown=65532:65532 /spool /var/spool/ess
COPY LICENSE /LICENSE
USER 65532:65532
EXPOSE 8080
# It asks the process's own /readyz; there is no curl in the image.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["ess", "health"]
ENTRYPOINT ["ess"]
CMD ["serve"]
