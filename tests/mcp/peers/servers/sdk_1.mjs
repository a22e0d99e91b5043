// npm @modelcontextprotocol/sdk 1: sdk_1.mjs stdio | http, which prints its URL
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { listen } from './listen.mjs';

function make() {
  const server = new McpServer({ name: 'peer-server', version: '1' });
  server.registerTool('add', { description: 'Adds two numbers', inputSchema: { a: z.number(), b: z.number() } },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }));
  server.registerResource('note', 'peer://note', { description: 'a note' },
    async (uri) => ({ contents: [{ uri: uri.href, text: 'a note from the peer' }] }));
  return server;
}

if (process.argv[2] === 'stdio') {
  await make().connect(new StdioServerTransport());
} else {
  const sessions = new Map();
  listen(createServer(async (request, response) => {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID, onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await make().connect(transport);
    }
    await transport.handleRequest(request, response);
  }));
}
