#!/usr/bin/env node
// Old syntax on purpose: this line has to be read by the Node that is too old.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error("watercooler needs Node 20.19 or newer; this is " + process.versions.node);
  process.exit(1);
}
// The bench's node is no part of the daemon: neither is loaded for the other.
var entry = process.argv[2] === "maelstrom" ? "maelstrom" : "main";
import("../dist/app/" + entry + ".js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND" || !/app.m\w+\.js/.test(error.message)) throw error;
  console.error("watercooler is not built yet: run npm run build");
  process.exit(1);
});
