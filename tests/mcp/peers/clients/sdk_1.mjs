// npm @modelcontextprotocol/sdk 1: sdk_1.mjs legacy stdio COMMAND ARGS… | http URL
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { converse } from './converse.mjs';

const [, kind, place, ...args] = process.argv.slice(2);
const transport = kind === 'stdio'
  ? new StdioClientTransport({ command: place, args, env: process.env, stderr: 'inherit' })
  : new StreamableHTTPClientTransport(new URL(place));
const client = new Client({ name: 'peer', version: '1' }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: { approve: true } }));
await client.connect(transport);
await converse(client, '2025-11-25');
