#!/usr/bin/env bash
# Brings what every make target needs: Node 24 and pnpm from npm, the workspace's packages, and a nats-server. Quick when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  echo "npm is missing: install Node.js 20 or newer (https://nodejs.org) and run this again." >&2
  exit 1
fi

if ! cmp -s toolchain/package.json toolchain/node_modules/.installed-for; then
  echo "Installing Node 24 and pnpm under toolchain/ ..."
  npm install --prefix toolchain --no-package-lock --no-audit --no-fund --loglevel=error
  cp toolchain/package.json toolchain/node_modules/.installed-for
fi
# nats-server may be where only root looks.
export PATH="$PWD/toolchain/node_modules/.bin:$PATH:/usr/sbin"

if ! cmp -s pnpm-lock.yaml node_modules/.installed-for; then
  echo "Installing the workspace's packages ..."
  pnpm install --frozen-lockfile --reporter=append-only --loglevel=warn
  cp pnpm-lock.yaml node_modules/.installed-for
fi

if [ -z "${NATS_URL:-}" ] && ! command -v nats-server >/dev/null; then
  if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "Installing nats-server with apt ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nats-server >/dev/null
  else
    echo "nats-server is missing: install it (Debian: sudo apt-get install nats-server; macOS: brew install nats-server; else https://nats.io/download) or set NATS_URL." >&2
    exit 1
  fi
fi
