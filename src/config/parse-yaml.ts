// A file of its own, so that the parser is loaded only where there is a configuration to parse.
export { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
