import assert from 'node:assert/strict';
import { request } from 'node:https';
import { test } from 'node:test';
import { startTestApi } from '../harness.test.ts';

test('a review is not answered as a table, unless the client takes it plain too', async () => {
  const api = await startTestApi({});
  try {
    const { certificate, key } = await api.clientCertificate('admin', ['system:masters']);
    const body = JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } });
    const answer = (accept: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const url = `${api.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`;
        const headers = { accept, 'content-type': 'application/json' };
        const options = { method: 'POST', ca: api.ca, cert: certificate, key, headers, agent: false };
        const sent = request(url, options, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode));
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    assert.equal(await answer(table), 406);
    assert.equal(await answer(`${table},application/json`), 201);
  } finally {
    await api.close();
  }
});
