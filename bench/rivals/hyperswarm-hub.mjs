// The table of addresses that Hyperswarm needs to begin with; public ones are on the internet.
import DHT from "hyperdht";

const [host, port] = process.argv.slice(2);
await DHT.bootstrapper(Number(port), host).ready();
console.log("open");
