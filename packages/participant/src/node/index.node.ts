// The participant in Node: its state in a file, and requests with certificates of one's own; beside them what the command shares.

export { connectionError } from './connection-error.node.ts';
export { fileStore } from './file-store.node.ts';
export { type NodeTls, nodeFetch } from './node-fetch.node.ts';
export { fileError, readFileIfAny, removeLeftovers, writePrivateFile } from './private-file.node.ts';
