# An instance of Eider: `docker build -t eider .`. Settings come from the environment (docs/operations.md, "Configuration").

FROM node:22-bookworm AS build
WORKDIR /eider
COPY . .
# Builds, too; then what only building and testing needs goes.
RUN npm ci && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /eider
COPY --from=build /eider/package.json ./
COPY --from=build /eider/node_modules ./node_modules
COPY --from=build /eider/dist/src ./dist/src
RUN chmod +x dist/src/main.js && ln -s /eider/dist/src/main.js /usr/local/bin/eider && mkdir /data && chown node /data
USER node
ENV EIDER_DATA=/data
VOLUME /data
CMD ["eider", "serve"]
