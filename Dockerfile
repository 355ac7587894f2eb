# Base images are named by tag here, since a digest that nobody has looked at proves nothing. Pin yours when you build:
#   docker build --build-arg NODE_IMAGE=docker.io/library/node@sha256:… .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The image has its own Node: the copies of it that npm would bring are left out, with what only tests need.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY LICENSE ./
COPY bin ./bin
COPY demo ./demo
COPY docs/not-proved.md ./docs/
COPY migrations ./migrations
COPY src ./src
COPY workers ./workers
RUN chmod -R a-w,a+rX .

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=build /app /app
RUN mkdir -m 0700 /data && chown node:node /data
# Nothing but /data and /tmp is written: run it with --read-only --tmpfs /tmp.
ENV NODE_ENV=production HOME=/tmp MESHPROOF_LISTEN=0.0.0.0 MESHPROOF_DATA=/data MESHPROOF_CACHE_PATH=/tmp/cache
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "bin/meshproof.mjs"]
CMD ["start"]
