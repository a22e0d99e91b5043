// What every client does with the application, and what it prints of it.
export async function converse(client, revision) {
  const { tools } = await client.listTools();
  const sum = await client.callTool({ name: 'calculator', arguments: { expression: '2/3 + 1/3' } });
  const wrong = await client.callTool({ name: 'calculator', arguments: { expression: '1/0' } });
  const written = await client.callTool({ name: 'write_file', arguments: { path: 'peer.txt', content: 'here' } });
  const { resources } = await client.listResources();
  const corpora = await client.readResource({ uri: 'atelier://corpora' });
  const missing = await client.readResource({ uri: 'atelier://nowhere' }).then(() => 'found', (error) => error.code);
  console.log(JSON.stringify({
    revision, server: client.getServerVersion()?.name, tools: tools.map((tool) => tool.name),
    sum: sum.content[0].text, wrong: wrong.isError === true, written: written.isError !== true,
    resources: resources.map((resource) => resource.uri), corpora: corpora.contents[0].text, missing,
  }));
  await client.close();
}
