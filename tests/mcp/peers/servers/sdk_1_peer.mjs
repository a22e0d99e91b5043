// What npm @modelcontextprotocol/sdk 1 offers as a server, and how it answers over HTTP.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

export function make() {
  const server = new McpServer({ name: 'peer-server', version: '1' });
  server.registerTool('add', { description: 'Adds two numbers', inputSchema: { a: z.number(), b: z.number() } },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }));
  server.registerResource('note', 'peer://note', { description: 'a note' },
    async (uri) => ({ contents: [{ uri: uri.href, text: 'a note from the peer' }] }));
  return server;
}

const sessions = new Map();

export async function answer(request, response) {
  let transport = sessions.get(request.headers['mcp-session-id']);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID, onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await make().connect(transport);
  }
  await transport.handleRequest(request, response);
}
