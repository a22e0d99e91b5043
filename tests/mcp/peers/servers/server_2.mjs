// npm @modelcontextprotocol/server 2: server_2.mjs stdio | http, which prints its URL
import { createServer } from 'node:http';
import { McpServer, createMcpHandler, fromJsonSchema } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { listen } from './listen.mjs';

function make() {
  const server = new McpServer({ name: 'peer-server', version: '2' });
  const inputSchema = fromJsonSchema({
    type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'],
  });
  server.registerTool('add', { description: 'Adds two numbers', inputSchema },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }));
  server.registerResource('note', 'peer://note', { description: 'a note' },
    async (uri) => ({ contents: [{ uri: uri.href, text: 'a note from the peer' }] }));
  return server;
}

if (process.argv[2] === 'stdio') {
  serveStdio(make);
} else {
  const handler = createMcpHandler(make);
  listen(createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = pieces.length > 0 ? Buffer.concat(pieces) : undefined;
    const reply = await handler.fetch(new Request(`http://${request.headers.host}${request.url}`,
      { method: request.method, headers: request.headers, body, duplex: 'half' }));
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    if (reply.body) for await (const piece of reply.body) response.write(piece);
    response.end();
  }));
}
