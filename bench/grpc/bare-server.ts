// A program that answers every call with one message and OK: what node:http2 can do when there is nothing else to do.
// Arguments: the file with the message, in its frame. Prints its port.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

const answer = readFileSync(process.argv[2] ?? '');
const headers = { ':status': 200, 'content-type': 'application/grpc' };

const server = createServer();
server.on('stream', (stream) => {
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.on('end', () => {
    stream.respond(headers, { waitForTrailers: true });
    stream.end(answer);
  });
  stream.resume();
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
