// A file of its own, so that the parser is loaded only where there is a configuration to parse.
export { isNode, LineCounter, parseDocument } from "yaml";
