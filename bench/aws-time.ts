/** How long AWS is waited for: a proxy before the emulator, which adds up the time in which a request is under way. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsTime {
  endpoint: string;
  /** Since it was last asked: milliseconds in which at least one request was under way, and how many there were. */
  since(): { ms: number; requests: number };
  end(): Promise<void>;
}

export async function timeAws(target: string): Promise<AwsTime> {
  let underWay = 0;
  let begun = 0;
  let seen = { ms: 0, requests: 0 };
  const server = http.createServer((request, response) => {
    if (underWay === 0) begun = performance.now();
    underWay += 1;
    seen.requests += 1;
    response.once('close', () => {
      underWay -= 1;
      if (underWay === 0) seen.ms += performance.now() - begun;
    });
    const { method, headers, url } = request;
    const asked = http.request(new URL(url ?? '/', target), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.once('error', () => response.destroy());
    request.pipe(asked);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    since: () => {
      const before = seen;
      seen = { ms: 0, requests: 0 };
      return before;
    },
    end: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
