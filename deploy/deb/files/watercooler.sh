#!/bin/sh
# Runs Watercooler with the Node that the package brings; the process keeps its number.
exec /usr/lib/watercooler/node /usr/lib/watercooler/bin/watercooler.js "$@"
