// A whole authorization server, npm oidc-provider, with a login and a page of consent, and an MCP server of npm
// @modelcontextprotocol/sdk 1 at /mcp that lets in who has its tokens. Prints its URL first, which is the issuer's.
//
//   POST /clock SECONDS    this process's clock is so far ahead from then on: tokens grow old without waiting
import { createServer } from 'node:http';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import Provider from 'oidc-provider';
import { answer } from './sdk_1_peer.mjs';

const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead * 1000;

function provider(issuer) {
  return new Provider(issuer, {
    clients: [{
      client_id: 'program', client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
    }],
    cookies: { keys: ['of this test'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'mcp other', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    pkce: { required: () => true },
  });
}

function verifier(issuer, resource) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  return {
    async verifyAccessToken(token) {
      try {
        const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, currentDate: new Date(Date.now()) });
        return { token, clientId: payload.client_id, scopes: payload.scope.split(' '), expiresAt: payload.exp };
      } catch (error) {
        throw new InvalidTokenError(error.message);
      }
    },
  };
}

const app = express();
const server = createServer(app);
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const metadata = '/.well-known/oauth-protected-resource/mcp';
  app.post('/clock', express.text({ type: () => true }), (request, response) => {
    ahead = Number(request.body);
    response.end();
  });
  app.get(metadata, (_, response) => {
    response.json({ resource: `${issuer}/mcp`, authorization_servers: [issuer], scopes_supported: ['mcp'] });
  });
  app.use('/mcp', requireBearerAuth({
    verifier: verifier(issuer, `${issuer}/mcp`), requiredScopes: ['mcp'], resourceMetadataUrl: issuer + metadata,
  }), answer);
  app.use(provider(issuer).callback());
  console.log(issuer);
});
