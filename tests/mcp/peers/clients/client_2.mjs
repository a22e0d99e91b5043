// npm @modelcontextprotocol/client 2: client_2.mjs auto|legacy stdio COMMAND ARGS… | http URL
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { converse } from './converse.mjs';

const [mode, kind, place, ...args] = process.argv.slice(2);
const transport = kind === 'stdio'
  ? new StdioClientTransport({ command: place, args, env: process.env, stderr: 'inherit' })
  : new StreamableHTTPClientTransport(new URL(place));
const client = new Client({ name: 'peer', version: '2' },
  { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } });
client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { approve: true } }));
await client.connect(transport);
await converse(client, client.getNegotiatedProtocolVersion());
