// npm @modelcontextprotocol/sdk 1: sdk_1.mjs stdio | http, which prints its URL
import { createServer } from 'node:http';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { listen } from './listen.mjs';
import { answer, make } from './sdk_1_peer.mjs';

if (process.argv[2] === 'stdio') {
  await make().connect(new StdioServerTransport());
} else {
  listen(createServer(answer));
}
