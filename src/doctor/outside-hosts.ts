import { BlockList, isIP } from "node:net";
import type { Config } from "../config/config.ts";

/** Names that routers and mDNS give: RFC 6762, RFC 8375, and what is used beside them. */
const INSIDE_NAME = /(?:^|\.)(?:local|lan|internal|localdomain|localhost|home\.arpa)$/;

const privateRanges = new BlockList();
for (const [net, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
] as const) {
  privateRanges.addSubnet(net, bits, "ipv4");
}
for (const [net, bits] of [
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
] as const) {
  privateRanges.addSubnet(net, bits, "ipv6");
}

/** Hosts that the configuration sends to and that are likely not on the office's own networks. */
export function outsideHosts({ edge }: Config): readonly string[] {
  const { announce, chat, mqtt, influx } = edge;
  const urls = [
    mqtt?.url ?? "",
    influx?.url ?? "",
    ...announce.flatMap((one) => ("url" in one ? [one.url] : [])),
    chat.slack?.apiUrl ?? "",
    chat.mattermost?.url ?? "",
  ];
  const hosts = urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
  return [...new Set(hosts)].filter(isOutside);
}

function isOutside(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  if (family !== 0) return !privateRanges.check(host, family === 4 ? "ipv4" : "ipv6");
  return host.includes(".") && !INSIDE_NAME.test(host);
}
